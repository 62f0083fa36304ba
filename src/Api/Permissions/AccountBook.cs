using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace Media.Api.Permissions;

/// <summary>All accounts. A look-up compares with every one of them, so that its time does not tell which account came close.</summary>
internal sealed class AccountBook
{
    private readonly Account[] accounts;

    public AccountBook(IOptions<List<AccountOptions>> options)
    {
        var entries = options.Value;
        accounts = new Account[entries.Count];
        for (var i = 0; i < accounts.Length; i++)
            accounts[i] = Account.From(entries[i], i);
    }

    /// <summary>How many there are.</summary>
    public int Count => accounts.Length;

    /// <summary>The account with this password, or null. Slow on purpose where the settings have slow hashes.</summary>
    public Account? FindByPassword(string password)
    {
        Account? found = null;
        foreach (var account in accounts)
        {
            if (account.Password is { } digest && digest.Matches(password))
                found ??= account;
        }

        return found;
    }

    /// <summary>The account with this API key, or null.</summary>
    public Account? FindByApiKey(string key)
    {
        var candidate = SecretDigest.Of(key);
        Account? found = null;
        foreach (var account in accounts)
        {
            if (account.ApiKey is { } digest && CryptographicOperations.FixedTimeEquals(candidate, digest))
                found ??= account;
        }

        return found;
    }
}
