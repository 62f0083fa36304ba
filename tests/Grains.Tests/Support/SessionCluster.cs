using System.Collections.Immutable;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Media.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;
using Orleans.TestingHost;

namespace Media.Grains.Tests.Support;

/// <summary>One silo with the grains on ports that a test can bend.</summary>
public sealed class SessionCluster : IAsyncLifetime
{
    private InProcessTestCluster? cluster;

    internal ManualTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    internal MemoryObjectStore Store { get; private set; } = null!;

    internal MemoryCatalog Catalog { get; private set; } = null!;

    internal MemoryReader Reader { get; } = new();

    internal CountingStorage Storage { get; } = new();

    internal RecordedSignals Signals { get; } = new();

    internal UploadOptions Options { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Store = new MemoryObjectStore(Time);
        Catalog = new MemoryCatalog(Time);
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<TimeProvider>(Time);
            silo.Services.AddMediaGrains();
            silo.Services.AddSingleton(Microsoft.Extensions.Options.Options.Create(Options));
            silo.Services.AddSingleton(Microsoft.Extensions.Options.Options.Create(new Media.Grains.Contents.ContentOptions()));
            silo.Services.AddSingleton<IObjectStore>(Store);
            silo.Services.AddSingleton<IObjectReader>(Reader);
            silo.Services.AddSingleton<ICatalog>(Catalog);
            silo.Services.AddSingleton<IUrlSigner>(new PlainSigner(Time));
            silo.Services.AddSingleton<IUploadSignals>(Signals);
            silo.Services.AddSingleton(new StateFreshness(ReadBeforeUse: true));
            silo.Services.AddGrainStorage(StorageNames.Default, (_, _) => Storage);
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
            await cluster.DisposeAsync();
    }

    /// <summary>Takes back every fault that a test ordered.</summary>
    internal void Unbend()
    {
        Store.Before = Store.After = _ => { };
        Store.Hold = _ => Task.CompletedTask;
        Storage.BeforeWrite = () => { };
        Catalog.AfterAdd = () => { };
    }

    internal IUploadSessionGrain Session(string tag) => cluster!.Client.GetGrain<IUploadSessionGrain>(tag);

    internal static string NewTag() => new RandomTagSource().Next();

    internal static NewUpload NewUpload(long? size, string? client = "a", string user = "u", long maxSize = long.MaxValue) => new(
        new Permission("p", user, ImmutableArray.Create("*/*"), maxSize, null, null, DateTimeOffset.MaxValue), "a.bin", "video/mp4", size, ClientId: client);
}
