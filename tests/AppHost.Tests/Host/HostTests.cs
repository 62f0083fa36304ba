using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Media.AppHost.Processes;
using Media.AppHost.Tests.Processes;
using Media.Tests.Support;
using Npgsql;

namespace Media.AppHost.Tests.Host;

public sealed class HostTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Terminate_WhileReady_EndsWithZeroAndLeavesNothingBehind()
    {
        await using var host = new HostUnderTest("postgres");
        var process = await host.StartAsync(Cancel);
        var children = await ChildrenOfAsync(process.Id);
        Assert.NotEmpty(children);

        process.Signal(UnixSignal.Terminate);

        Assert.Equal(0, await process.Exited.WaitAsync(Patience, Cancel));
        Assert.All(children, child => Assert.False(Running.Is(child)));
        Assert.Contains(await File.ReadAllLinesAsync(Path.Combine(host.DataFolder, "logs", "postgres.log"), Cancel), line => line.EndsWith("database system is shut down", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kill_WhileReady_TakesTheChildrenAlongAndTheNextStartHasTheData()
    {
        await using var host = new HostUnderTest("postgres");
        var process = await host.StartAsync(Cancel);
        await ExecuteAsync(host, "create table t as select 42 as n");
        var children = await ChildrenOfAsync(process.Id);
        Assert.NotEmpty(children);

        await process.KillAsync();
        // The next start does not wait for the old server to be gone.
        await host.StartAsync(Cancel);

        Assert.Equal(42, await ExecuteAsync(host, "select n from t"));
        await Eventually.TrueAsync(() => !children.Exists(Running.Is), cancellationToken: Cancel);
    }

    [Fact]
    public async Task PostgresKilled_WhileReady_IsStartedAgain()
    {
        await using var host = new HostUnderTest("postgres");
        await host.StartAsync(Cancel);
        var before = (await host.ResourceAsync("postgres", Cancel)).GetProperty("processId").GetInt32();
        using (var kill = System.Diagnostics.Process.Start("kill", ["-9", before.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(Cancel);

        await Eventually.TrueAsync(
            async () => (await host.ResourceAsync("postgres", Cancel)) is var now && now.GetProperty("state").GetString() == "Ready" && now.GetProperty("restarts").GetInt32() > 0,
            Patience,
            Cancel);
        Assert.Equal(1, await ExecuteAsync(host, "select 1"));
        Assert.NotEqual(before, (await host.ResourceAsync("postgres", Cancel)).GetProperty("processId").GetInt32());
    }

    [Fact]
    public async Task StaleLockFile_OfAnIdThatIsSomebodyElses_DoesNotKeepPostgresFromStarting()
    {
        await using var host = new HostUnderTest("postgres");
        var process = await host.StartAsync(Cancel);
        await process.KillAsync();
        var lockFile = Path.Combine(host.DataFolder, "postgres", "data", "postmaster.pid");
        await Eventually.TrueAsync(() => !File.Exists(lockFile), Patience, Cancel);
        await using var other = await ChildProcess.StartAsync(new ChildProcessOptions { Name = "other", FileName = "sleep", Arguments = ["600"], Account = await UnixAccount.ForUnprivilegedAsync(Cancel) }, Cancel);
        // What a container that was cut off leaves, seen by the next one, in which the id is another program's.
        await File.WriteAllTextAsync(lockFile, $"{other.Id}\n{Path.GetDirectoryName(lockFile)}\n1\n{host.PostgresPort}\n\n127.0.0.1\n", Cancel);

        await host.StartAsync(Cancel);

        Assert.Equal(1, await ExecuteAsync(host, "select 1"));
    }

    [Fact]
    public async Task Start_PortIsTaken_SaysWhichAndWhatToChange()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var host = new HostUnderTest("postgres") { PostgresPort = port };

        var process = await host.LaunchAsync();

        Assert.Equal(1, await process.Exited.WaitAsync(Patience, Cancel));
        var line = Assert.Single(process.Lines);
        Assert.Contains($"Port {port} is taken", line, StringComparison.Ordinal);
        Assert.Contains("MEDIA_PG_PORT=", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_DataFolderIsAnotherCopys_SaysSo()
    {
        await using var host = new HostUnderTest("postgres");
        await host.StartAsync(Cancel);

        await using var second = await ChildProcess.StartAsync(
            ChildProcessOptions.Dotnet("second", Rooms.Output("src/AppHost", "Media.AppHost")) with
            {
                Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["MEDIA_DATA"] = host.DataFolder, ["Media__AppHost__Resources"] = "postgres" },
            },
            Cancel);

        Assert.Equal(1, await second.Exited.WaitAsync(Patience, Cancel));
        Assert.Contains("MEDIA_DATA=FOLDER", Assert.Single(second.Lines), StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<object?> ExecuteAsync(HostUnderTest host, string sql)
    {
        await using var connection = new NpgsqlConnection(host.PostgresConnectionString);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancel);
    }

    // The children, and theirs: PostgreSQL's backends are processes as well.
    private static async Task<List<int>> ChildrenOfAsync(int processId)
    {
        using var ps = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("ps", ["-A", "-o", "pid=,ppid="]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var pairs = (await ps.StandardOutput.ReadToEndAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray())
            .ToLookup(pair => pair[1], pair => pair[0]);
        var found = new List<int> { processId };
        for (var i = 0; i < found.Count; i++)
            found.AddRange(pairs[found[i]]);
        found.Remove(processId);
        return found;
    }
}
