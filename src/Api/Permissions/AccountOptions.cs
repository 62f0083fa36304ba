namespace Media.Api.Permissions;

/// <summary>Who may ask for permissions, one entry of <c>Media:Accounts</c>.</summary>
public sealed class AccountOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Accounts";

    /// <summary>The user whom this account's uploads belong to. Several accounts may name one user, to change a password without a gap.</summary>
    public string User { get; set; } = "";

    /// <summary>The password as it is. For development; elsewhere <see cref="PasswordHash"/> keeps it out of the settings.</summary>
    public string? Password { get; set; }

    /// <summary>What <c>media password-hash</c> prints: <c>pbkdf2-sha256-sha256$iterations$salt$SHA-256 of the key</c>, both in base64.</summary>
    public string? PasswordHash { get; set; }

    /// <summary>The API key as it is. For development.</summary>
    public string? ApiKey { get; set; }

    /// <summary>SHA-256 of the API key in hexadecimal. No slow hash, as a key is random and long.</summary>
    public string? ApiKeyHash { get; set; }

    /// <summary>Whether its bearer may also do what is not a user's own: see everybody's files, and look after events that could not be delivered.</summary>
    public bool Administrator { get; set; }

    /// <summary>What this account's permissions allow.</summary>
    public AccountLimits Limits { get; set; } = new();

    /// <summary>How long a permission lasts. Longer spares a page a second login, and leaves a leaked permission useful for longer.</summary>
    public TimeSpan PermissionLifetime { get; set; } = TimeSpan.FromHours(2);

    /// <summary>How long after the password was given a page may renew its permission without it. Zero: not at all.</summary>
    public TimeSpan RenewableFor { get; set; } = TimeSpan.FromDays(7);
}

/// <summary>What an account's permissions allow.</summary>
public sealed class AccountLimits
{
    /// <summary>Media types: <c>*/*</c>, <c>type/*</c> or exact. Empty: all.</summary>
    public IList<string> ContentTypes { get; init; } = [];

    /// <summary>Largest file in bytes.</summary>
    public long MaxSize { get; set; } = 5L << 40;

    /// <summary>How many files one permission is good for; null: no limit.</summary>
    public long? MaxFiles { get; set; } = 10_000;

    /// <summary>How many bytes one permission is good for; null: no limit.</summary>
    public long? MaxBytes { get; set; }
}
