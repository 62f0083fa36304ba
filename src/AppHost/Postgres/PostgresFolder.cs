using System.Security.Cryptography;
using System.Text;
using Media.AppHost.Processes;

namespace Media.AppHost.Postgres;

/// <summary>
/// Where the local cluster lives: <c>postgres</c> in the data folder. Started by root, the server runs as another account; a
/// data folder that this account can't enter (below <c>/root</c>, say) gets a link to a folder under <c>/var/lib/media</c>.
/// </summary>
internal static class PostgresFolder
{
    // Root alone writes here, so nobody else can have prepared what is found.
    private const string SharedFolder = "/var/lib/media";

    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>The cluster's folder for a data folder, which must exist. The same on every start.</summary>
    public static async Task<string> LocateAsync(string dataFolder, UnixAccount? account, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(dataFolder, "postgres");
        if (new DirectoryInfo(folder) is { LinkTarget: { } target })
        {
            Directory.CreateDirectory(SharedFolder, Passable);
            return target;
        }

        if (account is null || Directory.Exists(folder) || await account.CanReachAsync(dataFolder, cancellationToken))
            return folder;

        Directory.CreateDirectory(SharedFolder, Passable);
        target = Path.Combine(SharedFolder, "postgres-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataFolder)))[..16]);
        Directory.CreateSymbolicLink(folder, target);
        return target;
    }
}
