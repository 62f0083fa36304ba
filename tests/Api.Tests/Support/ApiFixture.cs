using Media.Api.Tests.Support;
using Media.Tests.Support;

[assembly: AssemblyFixture(typeof(ApiFixture))]

namespace Media.Api.Tests.Support;

/// <summary>One API on a database and a bucket of its own, for all tests that do not need other settings.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    private readonly PostgresFixture postgres = new();
    private ApiServer? server;

    public StorageFixture Storage { get; } = new();

    public string ConnectionString => postgres.ConnectionString;

    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture is not initialised.");

    public ApiClient Client => Server.Client;

    public async ValueTask InitializeAsync()
    {
        await postgres.InitializeAsync();
        await Storage.InitializeAsync();
        server = await ApiServer.StartAsync(ConnectionString, Storage);
    }

    /// <summary>Another API on the same database and bucket.</summary>
    public Task<ApiServer> StartAnotherAsync(TimeProvider? time = null, string environment = "Production", params (string Key, string? Value)[] settings) =>
        ApiServer.StartAsync(ConnectionString, Storage, settings.Select(s => KeyValuePair.Create(s.Key, s.Value)), time, environment);

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        await Storage.DisposeAsync();
        await postgres.DisposeAsync();
    }
}
