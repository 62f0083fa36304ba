namespace Media.Grains;

/// <summary>Names by which grains ask for storage.</summary>
public static class StorageNames
{
    /// <summary>The grain storage that keeps all state: one row per grain in PostgreSQL, its version being the ETag.</summary>
    public const string Default = "media";

    /// <summary>State name of upload sessions. The database indexes its members; see the schema.</summary>
    public const string UploadSession = "upload-session";

    /// <summary>State name of allowances.</summary>
    public const string Allowance = "allowance";
}
