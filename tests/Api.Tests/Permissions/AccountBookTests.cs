using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Media.Api.Permissions;
using Microsoft.Extensions.Options;

namespace Media.Api.Tests.Permissions;

public sealed class AccountBookTests
{
    private static readonly byte[] Key = Rfc2898DeriveBytes.Pbkdf2("password", "saltsalt"u8.ToArray(), 1000, HashAlgorithmName.SHA256, 32);
    private static readonly string Hash = $"pbkdf2-sha256-sha256$1000${Convert.ToBase64String("saltsalt"u8)}${Convert.ToBase64String(SHA256.HashData(Key))}";

    [Fact]
    public void FindByPassword_HashedOrPlain_FindsTheAccount()
    {
        var book = Book(new() { User = "a", PasswordHash = Hash }, new() { User = "b", Password = "other" }, new() { User = "c", ApiKey = "key" });
        Assert.Equal("a", book.FindByPassword("password")!.User);
        Assert.Equal("b", book.FindByPassword("other")!.User);
        Assert.Null(book.FindByPassword("Password"));
        Assert.Null(book.FindByPassword("key"));
        Assert.Null(book.FindByPassword(""));
        Assert.Null(book.FindByPassword(Hash));
    }

    [Fact]
    public void FindByPasswordKeys_OfEachDerivation_FindsTheAccountAndWhatIsStoredDoesNot()
    {
        var book = Book(new() { User = "a", PasswordHash = Hash }, new() { User = "b", Password = "zwölf" }, new() { User = "c", Password = "x" }, new() { User = "c", Password = "y" });
        Assert.Equal(new PasswordDerivation(1000, Convert.ToBase64String("saltsalt"u8)), book.Derivations[0]);
        Assert.Equal(3, book.Derivations.Length);
        Assert.Equal("a", book.FindByPasswordKeys([Key])!.User);
        Assert.Null(book.FindByPasswordKeys([SHA256.HashData(Key)]));
        Assert.Equal("b", book.FindByPasswordKeys(Keys("zwölf"))!.User);
        Assert.Equal("c", book.FindByPasswordKeys(Keys("y"))!.User);
        Assert.Null(book.FindByPasswordKeys(Keys("z")));

        ImmutableArray<byte[]> Keys(string password) => [.. book.Derivations.Select(derivation => derivation.KeyOf(password))];
    }

    [Fact]
    public void FindByApiKey_HashedOrPlain_FindsTheAccount()
    {
        var hex = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("first")));
        var book = Book(new() { User = "a", ApiKeyHash = hex }, new() { User = "b", ApiKey = "second" }, new() { User = "c", Password = "third" });
        Assert.Equal("a", book.FindByApiKey("first")!.User);
        Assert.Equal("b", book.FindByApiKey("second")!.User);
        Assert.Null(book.FindByApiKey("third"));
        Assert.Null(book.FindByApiKey(hex));
    }

    [Fact]
    public void Constructor_BadSettings_NamesTheMemberAndNotItsValue()
    {
        AccountOptions[] bad =
        [
            new() { User = "" },
            new() { User = "a", Password = "" },
            new() { User = "a", Password = "secret-value", PasswordHash = Hash },
            new() { User = "a", PasswordHash = "secret-value" },
            new() { User = "a", PasswordHash = Hash.Replace("$1000", "$0", StringComparison.Ordinal) },
            new() { User = "a", PasswordHash = Hash.Replace("sha256-sha256", "sha256", StringComparison.Ordinal) },
            new() { User = "a", ApiKeyHash = "secret-value" },
            new() { User = "a", ApiKey = "secret-value", ApiKeyHash = new string('0', 64) },
            new() { User = "a", PermissionLifetime = TimeSpan.Zero },
            new() { User = "a", RenewableFor = TimeSpan.FromTicks(-1) },
            new() { User = "a", Limits = new() { MaxSize = 0 } },
        ];
        foreach (var options in bad)
        {
            var message = Assert.Throws<InvalidOperationException>(() => Book(new AccountOptions { User = "ok" }, options)).Message;
            Assert.StartsWith("Media:Accounts:1:", message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret-value", message, StringComparison.Ordinal);
        }
    }

    private static AccountBook Book(params AccountOptions[] options) => new(Options.Create(options.ToList()));
}
