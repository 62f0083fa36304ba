using Amazon.S3;
using Amazon.S3.Model;
using Media.AppHost.Storage;
using Media.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Media.AppHost.Tests.Storage;

[Trait("Category", "S3")]
public sealed class BucketSetupTests(StorageFixture storage) : IClassFixture<StorageFixture>
{
    [Fact]
    public async Task RunAsync_NoBucket_MakesOneThatPagesCanUploadTo()
    {
        var bucket = $"setup-{Guid.NewGuid():N}";

        // Twice, since every start does it.
        await new BucketSetup(Settings(bucket), _ => { }).RunAsync(Cancel);
        await new BucketSetup(Settings(bucket), _ => { }).RunAsync(Cancel);

        var cors = await storage.Client.GetCORSConfigurationAsync(new GetCORSConfigurationRequest { BucketName = bucket }, Cancel);
        var rule = Assert.Single(cors.Configuration.Rules);
        Assert.Equal(["http://127.0.0.1:5080", "http://localhost:5080", "https://page.example"], rule.AllowedOrigins.Order(StringComparer.Ordinal));
        Assert.Equal(["DELETE", "GET", "HEAD", "POST", "PUT"], rule.AllowedMethods.Order(StringComparer.Ordinal));
        Assert.Contains("ETag", rule.ExposeHeaders);
        Assert.Equal(3600, rule.MaxAgeSeconds);

        var lifecycle = await storage.Client.GetLifecycleConfigurationAsync(new GetLifecycleConfigurationRequest { BucketName = bucket }, Cancel);
        var rules = lifecycle.Configuration.Rules.ToDictionary(found => found.Id);
        Assert.Equal(7, rules["abort-forgotten-uploads"].AbortIncompleteMultipartUpload.DaysAfterInitiation);
        Assert.Equal(7, rules["drop-replaced-uploads"].NoncurrentVersionExpiration.NoncurrentDays);
        Assert.Equal(30, rules["empty-quarantine"].Expiration.Days);
        Assert.Equal("quarantine/", ((LifecyclePrefixPredicate)rules["empty-quarantine"].Filter.LifecycleFilterPredicate).Prefix);
    }

    [Fact]
    public async Task RunAsync_BucketOfAnS3ThatTheSettingsName_KeepsItsRules()
    {
        var bucket = await storage.CreateBucketAsync(Cancel);
        var own = new CORSRule { AllowedOrigins = ["https://mine.example"], AllowedMethods = ["GET"] };
        await storage.Client.PutCORSConfigurationAsync(
            new PutCORSConfigurationRequest { BucketName = bucket, Configuration = new CORSConfiguration { Rules = [own] } }, Cancel);
        var said = new List<string>();

        await new BucketSetup(Settings(bucket), said.Add).RunAsync(Cancel);

        var cors = await storage.Client.GetCORSConfigurationAsync(new GetCORSConfigurationRequest { BucketName = bucket }, Cancel);
        Assert.Equal(["https://mine.example"], Assert.Single(cors.Configuration.Rules).AllowedOrigins);
        Assert.Contains(said, line => line.Contains("CORS", StringComparison.Ordinal));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private LocalSettings Settings(string bucket) => LocalSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Media:S3:Endpoint"] = storage.Endpoint.ToString(),
        ["Media:S3:AccessKey"] = storage.AccessKey,
        ["Media:S3:SecretKey"] = storage.SecretKey,
        ["Media:S3:Bucket"] = bucket,
        ["Media:Origins:0"] = "https://page.example",
    }).Build());
}
