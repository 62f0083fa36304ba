namespace Media.Grains.Events;

/// <summary>The types of events, as CloudEvents carry them.</summary>
public static class EventTypes
{
    /// <summary>An upload was begun.</summary>
    public const string UploadCreated = "upload.created";

    /// <summary>The object is whole in the bucket.</summary>
    public const string UploadStored = "upload.stored";

    /// <summary>The content is what was promised, and the file is in the catalog.</summary>
    public const string UploadVerified = "upload.verified";

    /// <summary>The content was there already; the catalog has one more file of it.</summary>
    public const string UploadDuplicate = "upload.duplicate";

    /// <summary>The content is not what was promised; it is in quarantine.</summary>
    public const string UploadMismatched = "upload.mismatched";

    /// <summary>Its owner gave it up.</summary>
    public const string UploadAborted = "upload.aborted";

    /// <summary>Nobody touched it for its lifetime.</summary>
    public const string UploadExpired = "upload.expired";

    /// <summary>The store lost it, or it broke a rule that shows at the end only.</summary>
    public const string UploadFailed = "upload.failed";

    /// <summary>A file was taken out of the catalog.</summary>
    public const string FileDeleted = "file.deleted";

    /// <summary>Thumbnails of a file can be had.</summary>
    public const string ThumbnailReady = "thumbnail.ready";
}
