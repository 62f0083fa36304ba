using Media.Grains.Ports;
using Media.Silo.Hosting;
using Media.Silo.Postgres;
using Media.Silo.S3;
using Media.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.Hosting;

public sealed class SettingsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Media:Postgres:ConnectionString", "")]
    [InlineData("Media:Postgres:MaxPoolSize", "0")]
    [InlineData("Media:Postgres:CommandTimeout", "00:00:00.5")]
    [InlineData("Media:S3:Bucket", "")]
    [InlineData("Media:S3:Bucket", "no/slash")]
    [InlineData("Media:S3:Region", "")]
    [InlineData("Media:S3:Endpoint", "localhost:9000")]
    [InlineData("Media:S3:Endpoint", "ftp://localhost")]
    [InlineData("Media:S3:PublicEndpoint", "https://cdn.example.org/path")]
    [InlineData("Media:S3:SecretKey", "")]
    [InlineData("Media:S3:Accelerate", "true")]
    [InlineData("Media:S3:KmsKeyId", "key")]
    [InlineData("Media:S3:CopyLimit", "5242879")]
    [InlineData("Media:S3:CopyLimit", "5368709121")]
    [InlineData("Media:Jobs:Concurrency", "-1")]
    [InlineData("Media:Jobs:LeaseDuration", "00:00:00")]
    [InlineData("Media:Silo:SiloPort", "0")]
    [InlineData("Media:Thumbnails:VipsThumbnail", "")]
    [InlineData("Media:Thumbnails:Ffmpeg", "")]
    [InlineData("Media:Thumbnails:Concurrency", "0")]
    [InlineData("Media:Thumbnails:TimeLimit", "00:00:00")]
    [InlineData("Media:Thumbnails:MemoryLimit", "1000")]
    [InlineData("Media:Thumbnails:MaxPixels", "0")]
    [InlineData("Media:Thumbnails:MaxImageBytes", "0")]
    [InlineData("Media:Thumbnails:VideoBytes", "1")]
    public async Task Start_WrongSetting_FailsAndNamesIt(string setting, string value)
    {
        using var host = Build((setting, value));

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Token));

        Assert.Contains(setting, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("true", false)]
    public void Freshness_Embedded_FollowsOnlyProcess(string? onlyProcess, bool readBeforeUse)
    {
        using var host = Build(("Media:Silo:OnlyProcess", onlyProcess));

        Assert.Equal(readBeforeUse, host.Services.GetRequiredService<StateFreshness>().ReadBeforeUse);
    }

    [Fact]
    public async Task Start_DatabaseComesLater_WaitsForIt()
    {
        await using var server = await TestPostgres.StartAsync(Token);
        var connectionString = await server.CreateDatabaseAsync(cancellationToken: Token);
        await server.KillAsync();
        using var host = Build(("Media:Postgres:ConnectionString", connectionString));

        var starting = host.StartAsync(Token);
        Assert.False(starting.IsCompleted);
        await server.RestartAsync(Token);
        await starting;

        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Start_DatabaseIsNewer_DoesNotStart()
    {
        var connectionString = await PostgresFixture.CreateDatabaseAsync(Token);
        using var host = Build(("Media:Postgres:ConnectionString", connectionString));
        await using (var database = Postgres.Database.Open(connectionString))
        {
            await Postgres.Database.MigrateAsync(database, [.. SchemaScript.LoadEmbedded(), SchemaScript.Create(99, "future", "select 1")]);
        }

        await Assert.ThrowsAsync<SchemaException>(() => host.StartAsync(Token));
    }

    [Fact]
    public async Task DataProtection_TwoProcesses_OpenEachOthersEnvelopes()
    {
        using var first = Build();
        await first.StartAsync(Token);
        var envelope = first.Services.GetDataProtector("test").Protect("secret");
        await first.StopAsync(Token);

        using var second = Build();
        await second.StartAsync(Token);
        Assert.Equal("secret", second.Services.GetDataProtector("test").Unprotect(envelope));
        await second.StopAsync(Token);
    }

    [Fact]
    public async Task Health_DatabaseUpAndStoreDown_TellsThemApart()
    {
        using var host = Build();
        await host.StartAsync(Token);

        HealthReport report = null!;
        await Eventually.TrueAsync(async () =>
        {
            report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains(MediaSiloHosting.ReadyTag), Token);
            return report.Entries["postgres"].Status == HealthStatus.Healthy;
        });

        Assert.Equal(HealthStatus.Unhealthy, report.Entries["s3"].Status);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Health_DatabaseDown_SaysSo()
    {
        await using var database = Postgres.Database.Open("Host=127.0.0.1;Port=1;Username=x;Database=x");
        var check = new PostgresHealthCheck(database);
        var context = new HealthCheckContext { Registration = new HealthCheckRegistration("postgres", check, null, null) };

        Assert.Equal(HealthStatus.Unhealthy, (await check.CheckHealthAsync(context, Token)).Status);
    }

    [Fact]
    public void AddMediaPostgres_Twice_AddsItOnce()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);

        builder.AddMediaPostgres().AddMediaPostgres();

        Assert.Single(builder.Services, service => service.ServiceType == typeof(PostgresDatabase));
    }

    [Fact]
    public void Signer_PublicEndpoint_IsWhereUrlsPoint()
    {
        using var host = Build(("Media:S3:PublicEndpoint", "https://media.example.org"));

        Assert.Equal("https://media.example.org/media", host.Services.GetRequiredService<S3Connection>().PublicBucketAddress.ToString().TrimEnd('/'));
    }

    private IHost Build(params (string Name, string? Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Media:Postgres:ConnectionString"] = postgres.ConnectionString,
            ["Media:S3:Endpoint"] = "http://127.0.0.1:1",
            ["Media:S3:ForcePathStyle"] = "true",
            ["Media:S3:AccessKey"] = "key",
            ["Media:S3:SecretKey"] = "secret",
        };
        foreach (var (name, value) in settings) values[name] = value;
        builder.Configuration.AddInMemoryCollection(values);
        builder.Logging.ClearProviders();
        builder.AddMediaSilo();
        return builder.Build();
    }
}
