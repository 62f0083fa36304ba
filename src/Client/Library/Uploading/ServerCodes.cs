namespace Media.Client.Uploading;

/// <summary>The server's codes that an uploader acts on.</summary>
internal static class ServerCodes
{
    public const string UploadGone = "upload_gone";
    public const string UploadLocked = "upload_locked";
    public const string UploadNotFound = "upload_not_found";
    public const string LeaseLost = "lease_lost";
    public const string PartsMissing = "parts_missing";
    public const string PartChanged = "part_changed";
    public const string WrongState = "wrong_state";
    public const string HashConflict = "hash_conflict";
    public const string BodyTooLarge = "body_too_large";
}
