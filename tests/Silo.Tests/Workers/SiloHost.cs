using Media.Silo.Hosting;
using Media.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Media.Silo.Tests.Workers;

/// <summary>The whole silo, on a real database and a real store.</summary>
internal static class SiloHost
{
    public static async Task<IHost> StartAsync(PostgresFixture postgres, StorageFixture storage, params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Media:Postgres:ConnectionString"] = postgres.ConnectionString,
            // A busy machine is not a database that is away.
            ["Media:Postgres:CommandTimeout"] = "00:00:30",
            ["Media:Postgres:ConnectTimeout"] = "00:00:20",
            ["Media:S3:Endpoint"] = storage.Endpoint.ToString(),
            ["Media:S3:ForcePathStyle"] = "true",
            ["Media:S3:AccessKey"] = storage.AccessKey,
            ["Media:S3:SecretKey"] = storage.SecretKey,
            ["Media:S3:Bucket"] = storage.Bucket,
            ["Media:Uploads:SweepInterval"] = "00:00:00.2",
        };
        foreach (var (name, value) in settings) values[name] = value;
        builder.Configuration.AddInMemoryCollection(values);
        builder.Logging.ClearProviders();
        builder.AddMediaSilo();
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }
}
