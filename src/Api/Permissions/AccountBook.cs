using System.Collections.Immutable;
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
        Derivations = [.. accounts.Select(account => account.Password?.Derivation).OfType<PasswordDerivation>().Distinct()];
    }

    /// <summary>How many there are.</summary>
    public int Count => accounts.Length;

    /// <summary>How passwords become keys, each way once.</summary>
    public ImmutableArray<PasswordDerivation> Derivations { get; }

    /// <summary>The account with this password, or null. Slow on purpose.</summary>
    public Account? FindByPassword(string password) => FindByPasswordKeys([.. Derivations.Select(derivation => derivation.KeyOf(password))]);

    /// <summary>The account whose password gives one of these keys, or null.</summary>
    public Account? FindByPasswordKeys(ImmutableArray<byte[]> keys)
    {
        Account? found = null;
        foreach (var account in accounts)
        {
            if (account.Password is not { } digest)
                continue;
            foreach (var key in keys)
            {
                if (digest.Matches(key))
                    found ??= account;
            }
        }

        return found;
    }

    /// <summary>An account of this user that can do what is asked, or null: the settings may have changed since a permission was granted.</summary>
    public Account? FindByUser(string user, bool asAdministrator) =>
        Array.Find(accounts, account => account.User == user && (account.IsAdministrator || !asAdministrator));

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
