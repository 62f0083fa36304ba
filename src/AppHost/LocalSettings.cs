using System.Globalization;

namespace Media.AppHost;

/// <summary>How this copy is run, from the environment and the command line.</summary>
internal sealed record LocalSettings
{
    /// <summary>The access key of the local store.</summary>
    public const string StorageAccessKey = "media";

    /// <summary>The secret key of the local store.</summary>
    public const string StorageSecretKey = "media-development";

    /// <summary>Everything that can be left out or named in <c>Media:AppHost:Resources</c>.</summary>
    public static readonly IReadOnlyList<string> AllResources = ["postgres", "storage", "bucket", "api"];

    /// <summary>API and page: <c>MEDIA_PORT</c>.</summary>
    public required int Port { get; init; }

    /// <summary>Dashboard: <c>MEDIA_DASHBOARD_PORT</c>.</summary>
    public required int DashboardPort { get; init; }

    /// <summary>Local store: <c>MEDIA_S3_PORT</c>.</summary>
    public required int StoragePort { get; init; }

    /// <summary>Local PostgreSQL: <c>MEDIA_PG_PORT</c>.</summary>
    public required int PostgresPort { get; init; }

    /// <summary>Where everything is kept: <c>MEDIA_DATA</c>.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The page's password: <c>MEDIA_PASSWORD</c>.</summary>
    public required string Password { get; init; }

    /// <summary>The API key: <c>MEDIA_API_KEY</c>.</summary>
    public required string ApiKey { get; init; }

    /// <summary>An administrator's API key: the local account's, or the first one that the settings have as it is. Null where they have none.</summary>
    public string? AdministratorKey => !ApiEnvironment.HasAccounts(this)
        ? ApiKey
        : Configuration.GetSection("Media:Accounts").GetChildren()
            .Where(account => bool.TryParse(account["Administrator"], out var isAdministrator) && isAdministrator)
            .Select(account => account["ApiKey"])
            .FirstOrDefault(key => !string.IsNullOrEmpty(key));

    /// <summary>What is started: <c>Media:AppHost:Resources</c>, names with commas between; all unless told.</summary>
    public required IReadOnlyList<string> Resources { get; init; }

    /// <summary>The whole configuration. What is below <c>Media</c> is handed on to the API.</summary>
    public required IConfiguration Configuration { get; init; }

    /// <summary>A PostgreSQL to use in place of the local one.</summary>
    public string? PostgresConnectionString => Text("Media:Postgres:ConnectionString");

    /// <summary>An S3 to use in place of the local store.</summary>
    public string? ExternalS3 => Text("Media:S3:Endpoint");

    /// <summary>The S3's address.</summary>
    public string S3Endpoint => ExternalS3 ?? string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{StoragePort}");

    /// <summary>The bucket's name.</summary>
    public string Bucket => Text("Media:S3:Bucket") ?? "media";

    /// <summary>The region that signatures name.</summary>
    public string Region => Text("Media:S3:Region") ?? "us-east-1";

    /// <summary>The page's address.</summary>
    public string PageUrl => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>The dashboard's address.</summary>
    public string DashboardUrl => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{DashboardPort}");

    /// <summary>The origins whose pages may call the API and the bucket: the page's own, and those of <c>Media:Origins</c>.</summary>
    public IReadOnlyList<string> Origins =>
    [
        .. new[] { PageUrl, string.Create(CultureInfo.InvariantCulture, $"http://localhost:{Port}") }
            .Concat(Configuration.GetSection("Media:Origins").GetChildren().Select(origin => origin.Value ?? ""))
            .Where(origin => origin.Length > 0)
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">One of them makes no sense.</exception>
    public static LocalSettings Read(IConfiguration configuration)
    {
        var settings = new LocalSettings
        {
            Configuration = configuration,
            Port = ReadPort(configuration, "MEDIA_PORT", 5080),
            DashboardPort = ReadPort(configuration, "MEDIA_DASHBOARD_PORT", 5081),
            StoragePort = ReadPort(configuration, "MEDIA_S3_PORT", 9000),
            PostgresPort = ReadPort(configuration, "MEDIA_PG_PORT", 5433),
            DataFolder = Path.GetFullPath(configuration["MEDIA_DATA"] is { Length: > 0 } folder ? folder : Path.Combine(Rooms.Root, ".data")),
            Password = configuration["MEDIA_PASSWORD"] is { Length: > 0 } password ? password : "media-development",
            ApiKey = configuration["MEDIA_API_KEY"] is { Length: > 0 } key ? key : "media-development-key",
            Resources = configuration["Media:AppHost:Resources"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [.. AllResources],
        };
        if (settings.Resources.FirstOrDefault(name => !AllResources.Contains(name, StringComparer.Ordinal)) is { } unknown)
            throw new SettingsException($"Media:AppHost:Resources names '{unknown}'. There are: {string.Join(", ", AllResources)}.");
        return settings;
    }

    private string? Text(string key) => Configuration[key] is { Length: > 0 } value ? value : null;

    private static int ReadPort(IConfiguration configuration, string name, int standard) =>
        configuration[name] is not { Length: > 0 } text ? standard
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port
        : throw new SettingsException($"{name} is '{text}'. It must be a port, 1 to 65535.");
}
