using Microsoft.Extensions.Configuration;

namespace Media.AppHost.Tests.Host;

public sealed class LocalSettingsTests
{
    [Fact]
    public void Read_Nothing_HasTheStandardPorts()
    {
        var settings = Read();

        Assert.Equal((5080, 5081, 9000, 5433), (settings.Port, settings.DashboardPort, settings.StoragePort, settings.PostgresPort));
        Assert.Equal(Path.Combine(Rooms.Root, ".data"), settings.DataFolder);
        Assert.Equal(["http://127.0.0.1:5080", "http://localhost:5080"], settings.Origins);
        Assert.Equal("http://127.0.0.1:9000", settings.S3Endpoint);
        Assert.Equal(LocalSettings.AllResources, settings.Resources);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("80a")]
    public void Read_PortThatIsNone_IsRefusedWithItsName(string value)
    {
        var error = Assert.Throws<SettingsException>(() => Read(("MEDIA_S3_PORT", value)));
        Assert.Contains("MEDIA_S3_PORT", error.Message, StringComparison.Ordinal);
        Assert.Contains(value, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_UnknownResource_IsRefused() =>
        Assert.Contains("'redis'", Assert.Throws<SettingsException>(() => Read(("Media:AppHost:Resources", "postgres, redis"))).Message, StringComparison.Ordinal);

    [Fact]
    public void ApiEnvironment_LocalEverything_NamesTheLocalStoreAndAccount()
    {
        var environment = ApiEnvironment.Create(Read(("MEDIA_PORT", "7000"), ("MEDIA_PASSWORD", "p"), ("MEDIA_API_KEY", "k"), ("Media:Origins:0", "https://a.example")), "Host=x");

        Assert.Equal("http://127.0.0.1:7000", environment["ASPNETCORE_URLS"]);
        Assert.Equal(("Host=x", "true"), (environment["Media__Postgres__ConnectionString"], environment["Media__Silo__OnlyProcess"]));
        Assert.Equal("http://127.0.0.1:9000", environment["Media__S3__Endpoint"]);
        Assert.Equal("media-development", environment["Media__S3__SecretKey"]);
        Assert.Equal(("local", "p", "k"), (environment["Media__Accounts__0__User"], environment["Media__Accounts__0__Password"], environment["Media__Accounts__0__ApiKey"]));
        Assert.Equal("true", environment["Media__Accounts__0__Administrator"]);
        Assert.Equal(
            ["http://127.0.0.1:7000", "http://localhost:7000", "https://a.example"],
            Enumerable.Range(0, 3).Select(i => environment[$"Media__Origins__{i}"]));
    }

    [Fact]
    public void ApiEnvironment_DatabaseInTheSettings_MayHaveOthers()
    {
        var environment = ApiEnvironment.Create(Read(("Media:Postgres:ConnectionString", "Host=theirs")), "Host=x");

        Assert.Equal(("Host=theirs", null), (environment["Media__Postgres__ConnectionString"], environment["Media__Silo__OnlyProcess"]));
    }

    [Fact]
    public void ApiEnvironment_S3AndAccountsInTheSettings_AreHandedOnAsTheyAre()
    {
        var environment = ApiEnvironment.Create(
            Read(("Media:S3:Endpoint", "https://s3.example"), ("Media:S3:Region", "eu-1"), ("Media:Accounts:0:User", "ann"), ("Media:Uploads:LeaseDuration", "00:00:30")), "Host=x");

        Assert.Equal("https://s3.example", environment["Media__S3__Endpoint"]);
        Assert.Equal("eu-1", environment["Media__S3__Region"]);
        Assert.False(environment.ContainsKey("Media__S3__AccessKey"));
        Assert.Equal("ann", environment["Media__Accounts__0__User"]);
        Assert.False(environment.ContainsKey("Media__Accounts__0__Password"));
        Assert.Equal("00:00:30", environment["Media__Uploads__LeaseDuration"]);
    }

    [Theory]
    [InlineData(null, null, null, "k")]
    [InlineData("true", "theirs", null, "theirs")]
    [InlineData("false", "theirs", null, null)]
    [InlineData("true", null, "0123", null)]
    public void AdministratorKey_OfTheAccounts_IsOneThatIsReadable(string? isAdministrator, string? key, string? hash, string? expected) => Assert.Equal(
        expected,
        isAdministrator is null
            ? Read(("MEDIA_API_KEY", "k")).AdministratorKey
            : Read(("MEDIA_API_KEY", "k"), ("Media:Accounts:0:User", "ann"), ("Media:Accounts:0:Administrator", isAdministrator), ("Media:Accounts:0:ApiKey", key!), ("Media:Accounts:0:ApiKeyHash", hash!)).AdministratorKey);

    private static LocalSettings Read(params (string Key, string Value)[] values) => LocalSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(pair => pair.Key, pair => (string?)pair.Value, StringComparer.Ordinal)).Build());
}
