using Npgsql;

namespace Media.AppHost;

/// <summary>The table of what was started and where, with what one needs to get in.</summary>
internal static class StartedTable
{
    public static string Format(LocalSettings settings, LocalResources resources)
    {
        var rows = new List<(string Name, string Value)>();
        if (Has(resources, "api"))
        {
            rows.Add(("Page and API", settings.PageUrl));
            rows.AddRange(ApiEnvironment.HasAccounts(settings)
                ? [("Accounts", "as Media:Accounts says")]
                : [("Password", settings.Password), ("API key", settings.ApiKey)]);
        }

        rows.Add(("Dashboard", settings.DashboardUrl));
        if (Has(resources, "storage"))
            rows.Add(("S3", $"{settings.S3Endpoint}  key {LocalSettings.StorageAccessKey}, secret {LocalSettings.StorageSecretKey}, bucket {settings.Bucket}"));
        else if (settings.ExternalS3 is { } external)
            rows.Add(("S3", $"{external}  (yours), bucket {settings.Bucket}"));
        if (Has(resources, "postgres"))
            rows.Add(("PostgreSQL", Url(resources.PostgresConnectionString!)));
        else if (settings.PostgresConnectionString is { } yours)
            rows.Add(("PostgreSQL", Url(new NpgsqlConnectionStringBuilder(yours) { Password = null }.ConnectionString) + "  (yours)"));
        rows.Add(("Data and logs", settings.DataFolder));

        var width = rows.Max(row => row.Name.Length);
        return string.Join(Environment.NewLine, rows.Select(row => $"  {row.Name.PadRight(width)}  {row.Value}"));
    }

    private static bool Has(LocalResources resources, string name) => resources.All.Any(resource => resource.Name == name);

    // The form that psql takes as well.
    private static string Url(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        var password = parts.Password is { Length: > 0 } secret ? ":" + Uri.EscapeDataString(secret) : "";
        return $"postgresql://{Uri.EscapeDataString(parts.Username ?? "")}{password}@{parts.Host}:{parts.Port}/{parts.Database}";
    }
}
