namespace Media.Api.Json;

/// <summary>What is wrong with a request, in words for a person. The rules about values are the grains'; these are about form.</summary>
internal static class RequestMessages
{
    public const string BodyMissing = "A JSON body is needed.";
    public const string NotJson = "The body is not JSON, or is nested too deeply.";
    public const string NotUtf8 = "The body is not UTF-8.";
    public const string WrongType = "This is not of the expected type, is out of range, or is there twice.";
    public const string Required = "This is needed.";
    public const string ClientId = "1 to 128 characters of ! to ~.";
    public const string Epoch = "A whole number.";
    public const string Checksum = "sha256, or nothing.";
    public const string PartChecksum = "Each is the base64 of the 32 bytes of a SHA-256.";
    public const string Hash = "52 characters of base32.";
    public const string Limit = "A whole number from 1 to 1000.";
    public const string Cursor = "This is not a cursor of a page before.";
    public const string NameFilter = "At most 1024 characters, none of them NUL.";
    public const string TypeFilter = "A media type such as image/png, or image/*.";
    public const string UserFilter = "At most 128 characters, none of them NUL.";
    public const string ContentSize = "A whole number of bytes, 1 or more.";
    public const string State = "A state of uploads, or active, or done.";
    public const string PartNotWhole = "A part number is a whole number.";
    public const string PartsOrRange = "Either parts, or from and to, or checksums.";
    public const string PartsCount = "1 to 1000 part numbers.";
    public const string CompletePartsCount = "1 to 10000 parts, or leave them out.";
    public const string RangeOrder = "From may not be above to.";
    public const string BatchCount = "An array of 1 to 1000 uploads.";
    public const string PasswordLength = "At most 1024 characters.";
    public const string PasswordKeys = "1 to 64 keys of 32 bytes, in base64.";
    public const string PasswordOrKeys = "The password or keys made of it, not both.";
    public const string CompanionPart = "Each part has a PartNumber and an ETag.";
    public const string CompanionPartNumber = "Part numbers are whole numbers from 1 to 10000.";
    public const string MetadataSize = "At most 100 entries of 16384 characters in all.";
    public const string MetadataNul = "No NUL characters.";
}
