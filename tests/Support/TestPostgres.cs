using System.Globalization;
using Media.AppHost.Postgres;
using Media.AppHost.Processes;

namespace Media.Tests.Support;

/// <summary>
/// A PostgreSQL server of its own, in a temporary folder, for a test that kills it. Tests that don't, share one through
/// <see cref="PostgresFixture"/>. Without fsync, yet a killed server loses nothing: that takes a power cut.
/// </summary>
public sealed class TestPostgres : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Parameters = new(StringComparer.Ordinal)
    {
        ["fsync"] = "off",
        ["full_page_writes"] = "off",
        ["max_connections"] = "300",
        ["shared_buffers"] = "64MB",
    };

    private readonly TemporaryFolder _folder;
    private readonly PostgresCluster _cluster;
    private ChildProcess _server;

    private TestPostgres(TemporaryFolder folder, PostgresCluster cluster, ChildProcess server, int port)
    {
        _folder = folder;
        _cluster = cluster;
        _server = server;
        Port = port;
    }

    /// <summary>Its port on 127.0.0.1, the same for as long as this object lives.</summary>
    public int Port { get; }

    /// <summary>Starts a server on a free port and waits until it answers.</summary>
    public static async Task<TestPostgres> StartAsync(CancellationToken cancellationToken = default)
    {
        var binaries = await PostgresBinaries.LocateAsync(cancellationToken);
        var folder = new TemporaryFolder();
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var port = FreePort.Next();
                var cluster = await PostgresCluster.PrepareAsync(
                    binaries,
                    new PostgresClusterOptions { Folder = folder.Path("postgres"), Port = port, Parameters = Parameters, Durable = false },
                    cancellationToken);
                var server = await ChildProcess.StartAsync(cluster.Server, cancellationToken);
                try
                {
                    await WaitUntilItAnswersAsync(cluster, server, cancellationToken);
                    return new TestPostgres(folder, cluster, server, port);
                }
                catch (EndOfStreamException) when (attempt < 3)
                {
                    // Somebody else took the port in between.
                    await server.DisposeAsync();
                }
                catch
                {
                    await server.DisposeAsync();
                    throw;
                }
            }
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Creates an empty database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync(string? name = null, CancellationToken cancellationToken = default)
    {
        name ??= string.Create(CultureInfo.InvariantCulture, $"test_{Guid.NewGuid():N}");
        await _cluster.CreateDatabaseAsync(name, cancellationToken);
        return _cluster.ConnectionString(name);
    }

    /// <summary>Drops a database, whoever is connected to it.</summary>
    public Task DropDatabaseAsync(string name, CancellationToken cancellationToken = default) => _cluster.DropDatabaseAsync(name, cancellationToken);

    /// <summary><c>kill -9</c>. Its connections break; nothing listens on its port until <see cref="RestartAsync"/>.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Starts it again on the same port and the same data, and waits until it has recovered and answers.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await _server.DisposeAsync();
        // The dead server's backends go one after the other; until the last is gone a new server refuses the shared memory.
        await Eventually.TrueAsync(
            async () =>
            {
                _server = await ChildProcess.StartAsync(_cluster.Server, cancellationToken);
                try
                {
                    await WaitUntilItAnswersAsync(_cluster, _server, cancellationToken);
                    return true;
                }
                catch
                {
                    await _server.DisposeAsync();
                    throw;
                }
            },
            TimeSpan.FromSeconds(60),
            cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _server.Signal(UnixSignal.Quit);
        await _server.StopAsync(TimeSpan.FromSeconds(5));
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task WaitUntilItAnswersAsync(PostgresCluster cluster, ChildProcess server, CancellationToken cancellationToken)
    {
        await server.WaitForLineAsync(
            line => line.EndsWith("database system is ready to accept connections", StringComparison.Ordinal), TimeSpan.FromSeconds(60), cancellationToken);
        await Eventually.TrueAsync(
            async () => await cluster.AnswersAsync(cancellationToken)
                ? true
                : throw new InvalidOperationException($"PostgreSQL is up and does not answer:{Environment.NewLine}{string.Join(Environment.NewLine, server.Lines)}"),
            TimeSpan.FromSeconds(60),
            cancellationToken);
    }
}
