using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;

namespace Media.CommandLine;

/// <summary><c>media password-hash</c></summary>
internal static class PasswordHashCommand
{
    private const int SaltLength = 16;
    private const int KeyLength = 32;

    // OWASP's recommendation for PBKDF2-HMAC-SHA256. The page takes part of a second for it, and so does whoever tries passwords, for each.
    private const int DefaultIterations = 600_000;

    public static Command Create()
    {
        var iterations = new Option<int>("--iterations") { Description = "Rounds of PBKDF2.", DefaultValueFactory = _ => DefaultIterations };
        iterations.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 10_000_000)
                result.AddError("--iterations needs 1 to 10000000.");
        });
        var command = new Command("password-hash", "Read a password from the standard input and print its hash for the server's settings. Needs no server.") { iterations };
        command.SetAction(arguments =>
        {
            if (!Console.IsInputRedirected)
                Console.Error.Write("Password (it shows): ");
            if (Console.In.ReadLine() is not { Length: >= 1 and <= 1024 } password)
            {
                Console.Error.WriteLine("media: A password has 1 to 1024 characters.");
                return ExitCode.Usage;
            }

            Console.Out.WriteLine(Hash(password, arguments.GetValue(iterations)));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>As the server's settings have it: scheme, iterations, salt, and the SHA-256 of the key that PBKDF2 makes of the password.</summary>
    private static string Hash(string password, int iterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        var key = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, KeyLength);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"pbkdf2-sha256-sha256${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(SHA256.HashData(key))}");
    }
}
