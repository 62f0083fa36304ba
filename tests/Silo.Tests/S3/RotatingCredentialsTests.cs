using Media.Grains.Ports;
using Media.Silo.S3;
using Media.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.S3;

/// <summary>Credentials from the SDK's provider chain, here a container's endpoint, which hands out temporary ones and renews them.</summary>
public sealed class RotatingCredentialsTests
{
    private const string Variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

    [Fact]
    public async Task SignParts_CredentialsAreRenewed_UrlsAreSignedWithTheNewOnesAndTheirToken()
    {
        var handedOut = 0;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var endpoint = builder.Build();
        endpoint.Run(context =>
        {
            var number = Interlocked.Increment(ref handedOut);
            // About to expire whenever it is asked for, so that each use may renew it.
            var expiration = TimeProvider.System.GetUtcNow().AddSeconds(30).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
            return context.Response.WriteAsJsonAsync(
                new { AccessKeyId = $"KEY{number}", SecretAccessKey = $"secret{number}", Token = $"token/{number}==", Expiration = expiration },
                new System.Text.Json.JsonSerializerOptions());
        });
        await endpoint.StartAsync(TestContext.Current.CancellationToken);
        Environment.SetEnvironmentVariable(Variable, endpoint.Urls.Single() + "/credentials");
        try
        {
            var options = Options.Create(new S3Options { Bucket = "media", Region = "eu-west-1" });
            using var connection = new S3Connection(options);
            var signer = new S3UrlSigner(connection, options, TimeProvider.System);

            var first = await SignAsync(signer);
            var firstKey = KeyOf(first);
            Assert.Contains($"&X-Amz-Security-Token=token%2F{firstKey["KEY".Length..]}%3D%3D&", first, StringComparison.Ordinal);
            Assert.StartsWith("https://media.s3.eu-west-1.amazonaws.com/upload/x?", first, StringComparison.Ordinal);

            // The SDK may renew beside the call that finds them old.
            var renewed = first;
            await Eventually.TrueAsync(async () => KeyOf(renewed = await SignAsync(signer)) != firstKey);
            Assert.Contains($"&X-Amz-Security-Token=token%2F{KeyOf(renewed)["KEY".Length..]}%3D%3D&", renewed, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    private static async Task<string> SignAsync(S3UrlSigner signer) =>
        (await signer.SignPartsAsync("upload/x", "id", [new PartToSign(1, null)], TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken))[0].Url;

    private static string KeyOf(string url)
    {
        const string start = "X-Amz-Credential=";
        var from = url.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return url[from..url.IndexOf("%2F", from, StringComparison.Ordinal)];
    }
}
