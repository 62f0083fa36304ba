using System.Diagnostics;
using System.Globalization;

namespace Media.AppHost.Processes;

/// <summary>An account of this machine that a child can run as.</summary>
/// <param name="Name">Its name in the account database.</param>
/// <param name="UserId">Its user id.</param>
/// <param name="GroupId">Its primary group's id.</param>
public sealed record UnixAccount(string Name, int UserId, int GroupId)
{
    /// <summary>
    /// Whom programs that refuse to be root run as: <c>nobody</c>, which every system has and which owns nothing of value.
    /// Null where this program is an ordinary user's and its children can simply be the same.
    /// </summary>
    public static async Task<UnixAccount?> ForUnprivilegedAsync(CancellationToken cancellationToken) =>
        Environment.IsPrivilegedProcess
            ? new UnixAccount("nobody", await IdAsync("-u", cancellationToken), await IdAsync("-g", cancellationToken))
            : null;

    /// <summary>Whether this account can read and enter <paramref name="path"/>, through every folder above it.</summary>
    public async Task<bool> CanReachAsync(string path, CancellationToken cancellationToken) =>
        (await Command.RunAsync("setpriv", [.. SetprivArguments, "--", "test", "-r", path, "-a", "-x", path], cancellationToken)).ExitCode == 0;

    /// <summary>Makes this account the owner of a folder and what is in it. Symbolic links are not followed.</summary>
    public async Task TakeAsync(string folder, CancellationToken cancellationToken) =>
        (await Command.RunAsync("chown", ["-R", "-h", string.Create(CultureInfo.InvariantCulture, $"{UserId}:{GroupId}"), folder], cancellationToken))
            .ThrowIfFailed();

    internal IReadOnlyList<string> SetprivArguments =>
        [string.Create(CultureInfo.InvariantCulture, $"--reuid={UserId}"), string.Create(CultureInfo.InvariantCulture, $"--regid={GroupId}"), "--clear-groups"];

    private static async Task<int> IdAsync(string option, CancellationToken cancellationToken)
    {
        var id = (await Command.RunAsync("id", [option, "nobody"], cancellationToken)).ThrowIfFailed();
        return int.Parse(id.Output.Trim(), CultureInfo.InvariantCulture);
    }
}
