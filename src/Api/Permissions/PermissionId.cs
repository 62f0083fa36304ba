using System.Buffers.Text;
using System.Security.Cryptography;

namespace Media.Api.Permissions;

/// <summary>Names of permissions' allowances. Not secret: the seal is what makes a permission good.</summary>
internal static class PermissionId
{
    /// <summary>Bytes in an id.</summary>
    public const int Length = 16;

    /// <summary>A new random id, 22 characters of base64url.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Length));

    /// <summary>The id of an API key, the same in every process.</summary>
    public static string OfApiKey(byte[] digest) => "key-" + Base64Url.EncodeToString(SHA256.HashData(digest).AsSpan(0, Length));
}
