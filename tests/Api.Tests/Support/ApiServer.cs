using System.Collections.Concurrent;
using Media.Api.Hosting;
using Media.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Media.Api.Tests.Support;

/// <summary>The real API with its silo, on a free port, as <c>Program</c> builds it.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    public const string User = "ada";
    public const string Password = "correct horse battery staple";
    public const string ApiKey = "key-of-ada-0123456789";
    public const string OtherUser = "bob";
    public const string OtherPassword = "bob's own password";
    public const string Origin = "https://page.example";

    private readonly WebApplication app;

    private ApiServer(WebApplication app, RecordedLogs logs)
    {
        this.app = app;
        Logs = logs;
        Address = new Uri(app.Urls.First());
        Client = new ApiClient(Address);
    }

    public Uri Address { get; }

    /// <summary>Sends what a test says, and nothing else.</summary>
    public ApiClient Client { get; }

    public RecordedLogs Logs { get; }

    public IServiceProvider Services => app.Services;

    public static async Task<ApiServer> StartAsync(
        string connectionString,
        StorageFixture storage,
        IEnumerable<KeyValuePair<string, string?>>? settings = null,
        TimeProvider? time = null,
        string environment = "Production",
        Action<IServiceCollection>? configure = null)
    {
        var logs = new RecordedLogs();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(Defaults(connectionString, storage));
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(logs);
        if (time is not null)
            builder.Services.AddSingleton(time);
        configure?.Invoke(builder.Services);
        var built = ApiApplication.Build(builder);
        await built.StartAsync();
        return new ApiServer(built, logs);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    /// <summary>What every API is set to, but for a test's own settings.</summary>
    public static Dictionary<string, string?> Defaults(string connectionString, StorageFixture storage) => new(StringComparer.Ordinal)
    {
        ["Media:Postgres:ConnectionString"] = connectionString,
        ["Media:Postgres:MaxPoolSize"] = "8",
        // A busy machine is not a database that is away.
        ["Media:Postgres:CommandTimeout"] = "00:00:30",
        ["Media:Postgres:ConnectTimeout"] = "00:00:20",
        ["Media:S3:Endpoint"] = storage.Endpoint.GetLeftPart(UriPartial.Authority),
        ["Media:S3:Region"] = storage.Region,
        ["Media:S3:Bucket"] = storage.Bucket,
        ["Media:S3:AccessKey"] = storage.AccessKey,
        ["Media:S3:SecretKey"] = storage.SecretKey,
        ["Media:S3:ForcePathStyle"] = "true",
        ["Media:Uploads:FormLook"] = "00:00:01",
        ["Media:Uploads:SweepInterval"] = "00:00:01",
        ["Media:Origins:0"] = Origin,
        ["Media:Accounts:0:User"] = User,
        ["Media:Accounts:0:Password"] = Password,
        ["Media:Accounts:0:ApiKey"] = ApiKey,
        ["Media:Accounts:1:User"] = OtherUser,
        ["Media:Accounts:1:Password"] = OtherPassword,
        ["Media:Accounts:1:Limits:ContentTypes:0"] = "image/*",
        ["Media:Accounts:1:Limits:MaxSize"] = "1000000",
        ["Media:Accounts:1:Limits:MaxFiles"] = "2",
        ["Logging:LogLevel:Default"] = "Debug",
    };
}

/// <summary>Everything that was logged, as text.</summary>
public sealed class RecordedLogs : ILoggerProvider
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Recorder(Lines, categoryName);

    public void Dispose()
    {
    }

    private sealed class Recorder(ConcurrentQueue<string> lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lines.Enqueue($"{logLevel} {category} {formatter(state, exception)} {exception}");
            if (state is IEnumerable<KeyValuePair<string, object?>> values)
                lines.Enqueue(string.Join(' ', values.Select(pair => $"{pair.Key}={pair.Value}")));
        }
    }
}
