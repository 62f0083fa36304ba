using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;

namespace Media.DevStorage;

/// <summary>What the operations work on: the catalog, the blobs, the clock and the key of SSE-S3, all below one data folder.</summary>
internal sealed class Store : IDisposable
{
    private const string Format = "1";
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly FileStream _lock;
    private readonly Disk _disk;
    private readonly BlobStore _blobs;
    private long _lastTime;
    private int _uploads;

    public Store(DevStorageOptions options, ILogger<Store>? log = null)
    {
        if (options.Data.Length == 0)
            throw new ArgumentException("the options name no data folder", nameof(options));
        Options = options;
        var folder = Path.GetFullPath(options.Data);
        Directory.CreateDirectory(folder);
        try
        {
            _lock = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"{folder} is used by another process", e);
        }

        _disk = new Disk(options.Fsync);
        CheckFormat(folder);
        StoreKey = ReadOrMakeKey(folder);
        _blobs = new BlobStore(Path.Combine(folder, "blobs"), _disk);
        Catalog = new Catalog(Path.Combine(folder, "journal"), _blobs, _disk, log ?? NullLogger<Store>.Instance);
        _blobs.Start();
        _disk.FlushFolder(folder);
    }

    public DevStorageOptions Options { get; }

    public Catalog Catalog { get; }

    /// <summary>The key that SSE-S3 wraps data keys with.</summary>
    public byte[] StoreKey { get; }

    /// <summary>Milliseconds since 1970, never backwards, so that what came later does not sort earlier.</summary>
    public long Now()
    {
        var now = Options.Time.GetUtcNow().ToUnixTimeMilliseconds();
        while (true)
        {
            var last = Interlocked.Read(ref _lastTime);
            if (now <= last)
                return last;
            if (Interlocked.CompareExchange(ref _lastTime, now, last) == last)
                return now;
        }
    }

    public BlobWriter CreateBlob(long sizeHint, DataKey? key) => new(_blobs, _disk, () => Catalog.Barrier, sizeHint, key);

    public SliceReader OpenReader(IReadOnlyList<ObjectPart> parts, long offset, long length, byte[]? wrappingKey) =>
        new(_blobs, parts, offset, length, wrappingKey);

    /// <summary>Removes blobs that no record refers to, which a crash may have left.</summary>
    public void Sweep(CancellationToken cancellationToken) => _blobs.Sweep(cancellationToken);

    /// <summary>The version id that a new version of an object in a bucket gets.</summary>
    public static string NewVersionId(Bucket bucket) =>
        bucket.Versioning == Versioning.Enabled ? RandomNumberGenerator.GetString(Alphanumeric, 32) : ObjectVersion.NullId;

    /// <summary>An upload id that sorts by when it was made, also within a millisecond: the order that S3 lists uploads of one key in.</summary>
    public string NewUploadId(long now) => $"{now:x12}{(uint)Interlocked.Increment(ref _uploads):x8}{RandomNumberGenerator.GetString(Alphanumeric, 28)}";

    public void Dispose()
    {
        Catalog.Dispose();
        _disk.Dispose();
        _lock.Dispose();
    }

    private static void CheckFormat(string folder)
    {
        var path = Path.Combine(folder, "format");
        if (!File.Exists(path))
            File.WriteAllText(path, Format);
        else if (File.ReadAllText(path).Trim() is var found && found is not (Format or ""))
            throw new InvalidDataException($"{folder} is in format {found}; this version reads format {Format}");
    }

    private byte[] ReadOrMakeKey(string folder)
    {
        var path = Path.Combine(folder, "sse-s3.key");
        if (File.Exists(path))
            return File.ReadAllBytes(path);
        var key = RandomNumberGenerator.GetBytes(32);
        var beside = path + ".tmp";
        using (var file = File.OpenHandle(beside, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, key, 0);
            _disk.Flush(file);
        }

        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(beside, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(beside, path);
        return key;
    }
}
