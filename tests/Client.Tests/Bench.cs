using Media.Client.Downloading;
using Media.Client.Tests.Peer;
using Media.Client.Uploading;

namespace Media.Client.Tests;

/// <summary>A server, a store, an uploader and a folder of files, for one test.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly List<IDisposable> _disposables = [];

    public StorePeer Store { get; } = new();

    public ApiPeer Api { get; }

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("media-client-tests-");

    public List<UploadProgress> Told { get; } = [];

    public static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    private Bench() => Api = new ApiPeer(Store);

    public static async Task<Bench> StartAsync()
    {
        var bench = new Bench();
        await bench.Store.Host.StartAsync();
        await bench.Api.Host.StartAsync();
        return bench;
    }

    /// <summary>Options that lose no time over pauses.</summary>
    public static UploaderOptions Quick(string clientId = "tests") => new()
    {
        ClientId = clientId,
        FirstPause = TimeSpan.FromMilliseconds(10),
        LongestPause = TimeSpan.FromMilliseconds(100),
        LockPoll = TimeSpan.FromMilliseconds(20),
        ProgressInterval = TimeSpan.Zero,
        OutageLimit = TimeSpan.FromMinutes(1),
        FirstContactLimit = TimeSpan.FromMinutes(1),
        CourtesyLimit = TimeSpan.FromMinutes(1),
    };

    public MediaClient Client(Func<MediaClientOptions, MediaClientOptions>? change = null)
    {
        var http = Keep(MediaClient.CreateHttpClient());
        var options = new MediaClientOptions { Server = new Uri(Api.Host.Address), Key = ApiPeer.Key };
        return new MediaClient(http, change?.Invoke(options) ?? options);
    }

    /// <summary>A downloader that loses no time over pauses.</summary>
    public Downloader Downloader(DownloaderOptions? options = null) => new(
        Client(),
        Keep(MediaClient.CreateDeliveryClient()),
        (options ?? new DownloaderOptions()) with
        {
            FirstPause = TimeSpan.FromMilliseconds(10), LongestPause = TimeSpan.FromMilliseconds(100), ProgressInterval = TimeSpan.Zero,
        });

    public Uploader Uploader(UploaderOptions? options = null) => Keep(new Uploader(Client(), Keep(Uploading.Uploader.CreateStoreClient()), options ?? Quick()));

    public Task<UploadOutcome> UploadAsync(string path, UploaderOptions? options = null, CancellationToken? cancellationToken = null) =>
        Uploader(options).UploadAsync(path, null, new Listener(Told), cancellationToken ?? Deadline);

    public string File(int size, string name = "film.mp4", int seed = 1)
    {
        var path = Path.Combine(Folder.FullName, name);
        System.IO.File.WriteAllBytes(path, Bytes(size, seed));
        return path;
    }

    public static byte[] Bytes(int size, int seed = 1)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public byte[] Stored(string tag) => Store.Objects[Api.Uploads[tag].Key];

    public static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = Deadline;
        while (!condition())
            await Task.Delay(10, deadline);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var disposable in _disposables)
            disposable.Dispose();
        await Api.DisposeAsync();
        await Store.DisposeAsync();
        Folder.Delete(recursive: true);
    }

    private T Keep<T>(T disposable)
        where T : IDisposable
    {
        _disposables.Add(disposable);
        return disposable;
    }

    private sealed class Listener(List<UploadProgress> told) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value)
        {
            lock (told)
                told.Add(value);
        }
    }
}
