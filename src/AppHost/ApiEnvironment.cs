namespace Media.AppHost;

/// <summary>The environment that the host gives to the API: its configuration, as .NET reads it from variables.</summary>
internal static class ApiEnvironment
{
    /// <summary>Every event on one line, so that the host can tell a warning by its line.</summary>
    public static readonly IReadOnlyDictionary<string, string?> Logging = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Logging__Console__FormatterName"] = "simple",
        ["Logging__Console__FormatterOptions__SingleLine"] = "true",
        ["Logging__Console__FormatterOptions__ColorBehavior"] = "Disabled",
        ["NO_COLOR"] = "1",
    };

    /// <summary>What the settings say below <c>Media</c>, and this copy's own addresses and keys where they say nothing.</summary>
    public static IReadOnlyDictionary<string, string?> Create(LocalSettings settings, string? postgresConnectionString, string? deliverySecret = null)
    {
        var environment = new Dictionary<string, string?>(Logging, StringComparer.OrdinalIgnoreCase)
        {
            ["ASPNETCORE_URLS"] = settings.PageUrl,
            ["ASPNETCORE_ENVIRONMENT"] = settings.Configuration["ASPNETCORE_ENVIRONMENT"] ?? "Development",
            ["Media__Postgres__ConnectionString"] = postgresConnectionString,
            ["Media__S3__Endpoint"] = settings.S3Endpoint,
            ["Media__S3__Region"] = settings.Region,
            ["Media__S3__Bucket"] = settings.Bucket,
            ["Media__Delivery__Secrets__0"] = deliverySecret,
            // On the host's own database, which has no other.
            ["Media__Silo__OnlyProcess"] = postgresConnectionString is not null && settings.Configuration["Media:Postgres:ConnectionString"] is null ? "true" : null,
            ["Media__Api__WebRoot"] = Path.Combine(Rooms.Root, "src", "Web", "app", "dist"),
            // The account is the host's, and is not the API's to know.
            ["MEDIA_PASSWORD"] = null,
            ["MEDIA_API_KEY"] = null,
        };
        if (settings.ExternalS3 is null)
        {
            environment["Media__S3__AccessKey"] = LocalSettings.StorageAccessKey;
            environment["Media__S3__SecretKey"] = LocalSettings.StorageSecretKey;
            environment["Media__S3__ForcePathStyle"] = "true";
        }

        foreach (var (key, value) in settings.Configuration.GetSection("Media").AsEnumerable())
        {
            if (value is not null)
                environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        for (var i = 0; i < settings.Origins.Count; i++)
            environment[$"Media__Origins__{i}"] = settings.Origins[i];
        if (!HasAccounts(settings))
        {
            environment["Media__Accounts__0__User"] = "local";
            environment["Media__Accounts__0__Password"] = settings.Password;
            environment["Media__Accounts__0__ApiKey"] = settings.ApiKey;
            environment["Media__Accounts__0__Administrator"] = "true";
        }

        return environment;
    }

    /// <summary>Whether the settings name accounts of their own, in place of the local one.</summary>
    public static bool HasAccounts(LocalSettings settings) => settings.Configuration.GetSection("Media:Accounts").GetChildren().Any();
}
