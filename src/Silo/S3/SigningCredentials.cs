namespace Media.Silo.S3;

/// <summary>What a URL is signed with.</summary>
/// <param name="AccessKey">Goes into the URL.</param>
/// <param name="SecretKey">Never leaves the process.</param>
/// <param name="SessionToken">Goes into the URL; null for permanent credentials.</param>
internal readonly record struct SigningCredentials(string AccessKey, string SecretKey, string? SessionToken)
{
    /// <summary>Without the secrets.</summary>
    public override string ToString() => AccessKey;
}
