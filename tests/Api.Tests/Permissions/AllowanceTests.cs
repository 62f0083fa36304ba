using System.Reflection;
using Media.Api.Tests.Support;
using Media.Grains.Ports;
using Microsoft.Extensions.DependencyInjection;
using static Media.Api.Tests.Support.Samples;

namespace Media.Api.Tests.Permissions;

/// <summary>What counts against a permission that is for so many files.</summary>
[Trait("Category", "S3")]
public sealed class AllowanceTests(ApiFixture api)
{
    [Fact]
    public async Task Create_FailsOnceTheSessionIsThere_Counts()
    {
        await using var broken = await ApiServer.StartAsync(
            api.ConnectionString, api.Storage, [new("Media:Jobs:Concurrency", "0")], configure: services => services.AddSingleton(DispatchProxy.Create<IUrlSigner, SignerThatFails>()));
        var permission = await broken.Client.PermissionAsync(ApiServer.OtherPassword);

        // URLs are signed last, when the session has been written.
        (await CreateAsync(broken)).Problem(503, "object_store_unavailable");

        await using var whole = await api.StartAnotherAsync();
        (await CreateAsync(whole)).Ok(201);
        (await CreateAsync(whole)).Problem(413, "quota_exceeded");

        Task<Answer> CreateAsync(ApiServer server) => server.Client.SendAsync("POST", "/v1/uploads", Body(10, NewHash(), contentType: "image/png"), permission);
    }

    [Fact]
    public async Task Create_FailsBeforeThereIsASession_DoesNotCount()
    {
        await using var broken = await ApiServer.StartAsync(
            api.ConnectionString,
            api.Storage,
            [
                new("Media:S3:Bucket", "not-there"), new("Media:Jobs:Concurrency", "0"),
                new("Media:Accounts:1:Limits:MaxSize", "100000000"), new("Media:Accounts:1:Limits:MaxFiles", "1"),
            ]);
        var permission = await broken.Client.PermissionAsync(ApiServer.OtherPassword);
        var large = Body(20 * MiB, NewHash(), contentType: "image/png");

        // A multipart upload is asked for first.
        (await broken.Client.SendAsync("POST", "/v1/uploads", large, permission)).Problem(503, "object_store_unavailable");

        await using var whole = await api.StartAnotherAsync();
        (await whole.Client.SendAsync("POST", "/v1/uploads", large, permission)).Ok(201);
    }

    /// <summary>Signs nothing.</summary>
    public class SignerThatFails : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new StoreUnavailableException("There are no credentials.");
    }
}
