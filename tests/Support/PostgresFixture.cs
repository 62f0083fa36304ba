using Npgsql;
using Xunit;

namespace Media.Tests.Support;

/// <summary>
/// An empty database for a test class (<c>IClassFixture&lt;PostgresFixture&gt;</c>), in a server that the whole test process
/// shares. The server dies with the process, however that ends.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private static readonly Lazy<Task<TestPostgres>> Server = new(StartServerAsync);

    /// <summary>The database's connection string.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>Another empty database in the same server, dropped with the process.</summary>
    /// <returns>Its connection string.</returns>
    public static async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken = default) =>
        await (await Server.Value).CreateDatabaseAsync(cancellationToken: cancellationToken);

    /// <inheritdoc />
    public async ValueTask InitializeAsync() => ConnectionString = await CreateDatabaseAsync();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (ConnectionString.Length > 0)
            await (await Server.Value).DropDatabaseAsync(new NpgsqlConnectionStringBuilder(ConnectionString).Database!);
    }

    private static async Task<TestPostgres> StartServerAsync()
    {
        var server = await TestPostgres.StartAsync();
        // Disposed here for its folder's sake: the process itself would die anyway.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(5));
        return server;
    }
}
