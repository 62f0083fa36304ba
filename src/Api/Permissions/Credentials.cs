using System.Collections.Immutable;
using Media.Api.Json;
using Media.Api.Problems;

namespace Media.Api.Permissions;

/// <summary>What somebody proves with who they are: one of the three.</summary>
internal readonly record struct Credentials(string? Password, ImmutableArray<byte[]>? PasswordKeys, string? ApiKey)
{
    /// <summary>Most keys in a request: more ways to stretch a password than any settings have.</summary>
    public const int MaxKeys = 64;

    /// <summary>Reads a request.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static Problem? Read(PermissionRequest? request, string? apiKey, out Credentials credentials)
    {
        credentials = new Credentials(request?.Password, null, apiKey);
        if (request?.PasswordKeys is { IsDefault: false } texts)
        {
            if (request.Password is not null)
                return ProblemCatalog.Invalid("passwordKeys", RequestMessages.PasswordOrKeys);
            if (texts.Length is 0 or > MaxKeys || Decode(texts) is not { } keys)
                return ProblemCatalog.Invalid("passwordKeys", RequestMessages.PasswordKeys);
            credentials = credentials with { PasswordKeys = keys };
        }
        else if (request?.Password is null && apiKey is null)
        {
            return ProblemCatalog.Invalid("password", RequestMessages.Required);
        }

        return request?.Password is { Length: > PasswordDigest.MaxPasswordLength } ? ProblemCatalog.Invalid("password", RequestMessages.PasswordLength) : null;
    }

    /// <summary>Whose they are; null for nobody's.</summary>
    public Account? Find(AccountBook accounts) =>
        Password is { } password ? accounts.FindByPassword(password)
        : PasswordKeys is { } keys ? accounts.FindByPasswordKeys(keys)
        : accounts.FindByApiKey(ApiKey!);

    private static ImmutableArray<byte[]>? Decode(ImmutableArray<string> texts)
    {
        var keys = ImmutableArray.CreateBuilder<byte[]>(texts.Length);
        foreach (var text in texts)
        {
            var key = new byte[PasswordDigest.KeyLength];
            // Base64 of more bytes does not fit, of fewer is counted.
            if (text is null || !Convert.TryFromBase64String(text, key, out var length) || length != key.Length)
                return null;
            keys.Add(key);
        }

        return keys.MoveToImmutable();
    }
}
