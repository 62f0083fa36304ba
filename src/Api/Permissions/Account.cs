using System.Collections.Immutable;
using Media.Grains.Uploads;

namespace Media.Api.Permissions;

/// <summary>An account as it is checked against: secrets only as digests.</summary>
internal sealed class Account
{
    private Account(AccountOptions options)
    {
        User = options.User;
        IsAdministrator = options.Administrator;
        Lifetime = options.PermissionLifetime;
        RenewableFor = options.RenewableFor;
        ContentTypes = options.Limits.ContentTypes is { Count: > 0 } types ? [.. types] : ["*/*"];
        MaxSize = options.Limits.MaxSize;
        MaxFiles = options.Limits.MaxFiles;
        MaxBytes = options.Limits.MaxBytes;
        Password = options.PasswordHash is { } hash ? PasswordDigest.Parse(hash)
            : options.Password is { } password ? PasswordDigest.OfPlain(options.User, password)
            : null;
        ApiKey = options.ApiKeyHash is { } hex ? Convert.FromHexString(hex)
            : options.ApiKey is { } key ? SecretDigest.Of(key)
            : null;
    }

    public string User { get; }

    public bool IsAdministrator { get; }

    public TimeSpan Lifetime { get; }

    public TimeSpan RenewableFor { get; }

    public PasswordDigest? Password { get; }

    public byte[]? ApiKey { get; }

    private ImmutableArray<string> ContentTypes { get; }

    private long MaxSize { get; }

    private long? MaxFiles { get; }

    private long? MaxBytes { get; }

    /// <summary>Checks settings.</summary>
    /// <returns>The account.</returns>
    /// <exception cref="InvalidOperationException">The settings are bad; the message names the entry and the member, never its value.</exception>
    public static Account From(AccountOptions options, int index)
    {
        Check(options.User is { Length: >= 1 and <= 128 }, nameof(options.User), "needs 1 to 128 characters");
        Check(options.Password is null or { Length: >= 1 and <= PasswordDigest.MaxPasswordLength }, nameof(options.Password), "needs 1 to 1024 characters");
        Check(options.Password is null || options.PasswordHash is null, nameof(options.Password), "and PasswordHash are both set");
        Check(options.PasswordHash is null || PasswordDigest.IsWellFormed(options.PasswordHash), nameof(options.PasswordHash), "is not what 'media password-hash' prints");
        Check(options.ApiKey is null or { Length: >= 1 and <= 512 }, nameof(options.ApiKey), "needs 1 to 512 characters");
        Check(options.ApiKey is null || options.ApiKeyHash is null, nameof(options.ApiKey), "and ApiKeyHash are both set");
        Check(options.ApiKeyHash is null || SecretDigest.IsWellFormed(options.ApiKeyHash), nameof(options.ApiKeyHash), "is not SHA-256 in hexadecimal");
        Check(options.PermissionLifetime > TimeSpan.Zero, nameof(options.PermissionLifetime), "must be above zero");
        Check(options.RenewableFor >= TimeSpan.Zero, nameof(options.RenewableFor), "must not be negative");
        Check(options.Limits is { MaxSize: > 0, MaxFiles: null or > 0, MaxBytes: null or > 0 }, nameof(options.Limits), "must be above zero");
        return new Account(options);

        void Check(bool holds, string member, string complaint)
        {
            if (!holds)
                throw new InvalidOperationException($"{AccountOptions.Section}:{index}:{member} {complaint}.");
        }
    }

    /// <summary>A new permission with its own allowance of files and bytes.</summary>
    public Permission Grant(DateTimeOffset now) =>
        new(PermissionId.New(), User, ContentTypes, MaxSize, MaxFiles, MaxBytes, now + Lifetime);

    /// <summary>The same permission, with what is left of its allowance, for another while.</summary>
    /// <param name="permission">What was granted to this account's user.</param>
    /// <param name="until">When it ends at the latest.</param>
    /// <param name="now">The time.</param>
    public Permission Renew(Permission permission, DateTimeOffset until, DateTimeOffset now) =>
        permission with { ExpiresAt = now + Lifetime < until ? now + Lifetime : until };

    /// <summary>
    /// What the API key itself permits. It has no allowance, as its bearer can ask for one permission after another.
    /// </summary>
    public Permission OfApiKey(DateTimeOffset now) =>
        new(PermissionId.OfApiKey(ApiKey!), User, ContentTypes, MaxSize, null, null, now + Lifetime);
}
