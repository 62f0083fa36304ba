using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Media.DevStorage.Blobs;

/// <summary>
/// Immutable files of bytes, named by numbers alone, so that no key ever becomes a path. A blob belongs to whoever refers to it: parts and
/// object versions in the catalog, the writer that fills it, readers under way. What nobody refers to is removed.
/// </summary>
internal sealed class BlobStore
{
    // Neighbours in time share a folder, so that flushing the names of a batch is flushing one folder or two.
    private const int FolderBits = 10;

    /// <summary>Stands for the folder above all others where one is named by its number.</summary>
    private const long TopFolder = -1;

    private readonly string _folder;
    private readonly Disk _disk;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, int> _references = [];
    private readonly HashSet<long> _unflushedFolders = [];
    private long _next;
    private long _firstOfThisRun;
    private long _madeFolder = TopFolder;

    public BlobStore(string folder, Disk disk)
    {
        _folder = folder;
        _disk = disk;
        Directory.CreateDirectory(folder);
    }

    /// <summary>Begins where no earlier blob can be; to be called once the catalog has said what it refers to.</summary>
    public void Start()
    {
        long highest = -1;
        foreach (var path in Directory.EnumerateDirectories(_folder))
        {
            if (TryParseNumber(path, out var number))
                highest = Math.Max(highest, number);
        }

        foreach (var blob in _references.Keys)
            highest = Math.Max(highest, blob >> FolderBits);
        _next = _firstOfThisRun = (highest + 1) << FolderBits;
    }

    /// <summary>A new, empty blob, referred to by the caller until it calls <see cref="Release"/>.</summary>
    public (long Blob, SafeFileHandle File) Create(long sizeHint)
    {
        long blob;
        lock (_gate)
        {
            blob = _next++;
            _references[blob] = 1;
            if (blob >> FolderBits is var folder && folder != _madeFolder)
            {
                // Under the lock, so that nobody opens a file in a folder that is still to be made.
                Directory.CreateDirectory(FolderOf(folder));
                _madeFolder = folder;
                _unflushedFolders.Add(TopFolder);
            }
        }

        var file = File.OpenHandle(
            PathOf(blob), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, FileOptions.None, Math.Max(0, sizeHint));
        lock (_gate)
        {
            _unflushedFolders.Add(blob >> FolderBits);
        }

        return (blob, file);
    }

    public SafeFileHandle OpenRead(long blob) =>
        File.OpenHandle(PathOf(blob), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);

    public void AddReference(long blob)
    {
        lock (_gate)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_references, blob, out _)++;
        }
    }

    /// <summary>Takes references back; what loses its last is removed once <paramref name="after"/> is done.</summary>
    public void Release(IEnumerable<long> blobs, Task after)
    {
        List<long>? gone = null;
        lock (_gate)
        {
            foreach (var blob in blobs)
            {
                ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_references, blob);
                if (--count > 0)
                    continue;
                _references.Remove(blob);
                (gone ??= []).Add(blob);
            }
        }

        if (gone is not null)
            _ = RemoveAsync(gone, after);
    }

    /// <summary>Takes references back without removing anything, while the journal is read.</summary>
    public void Forget(IEnumerable<long> blobs)
    {
        lock (_gate)
        {
            foreach (var blob in blobs)
            {
                ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_references, blob);
                if (--count == 0)
                    _references.Remove(blob);
            }
        }
    }

    /// <summary>Makes the names of all blobs made so far last; the journal calls this before it makes records of them last.</summary>
    public void FlushFolders()
    {
        long[] folders;
        lock (_gate)
        {
            if (_unflushedFolders.Count == 0)
                return;
            folders = [.. _unflushedFolders];
            _unflushedFolders.Clear();
        }

        foreach (var folder in folders)
            _disk.FlushFolder(folder == TopFolder ? _folder : FolderOf(folder));
    }

    /// <summary>Removes the blobs that a crash left without an owner. Blobs of this run are not touched.</summary>
    public void Sweep(CancellationToken cancellationToken)
    {
        foreach (var folder in Directory.EnumerateDirectories(_folder))
        {
            if (!TryParseNumber(folder, out var folderNumber) || folderNumber >= _firstOfThisRun >> FolderBits)
                continue;
            var left = 0;
            foreach (var path in Directory.EnumerateFiles(folder))
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool owned;
                lock (_gate)
                {
                    owned = TryParseNumber(path, out var blob) && _references.ContainsKey(blob);
                }

                if (owned)
                    left++;
                else
                    File.Delete(path);
            }

            if (left == 0)
                DeleteIfEmpty(folder);
        }
    }

    public string PathOf(long blob) => Path.Combine(FolderOf(blob >> FolderBits), blob.ToString("x12", CultureInfo.InvariantCulture));

    private string FolderOf(long folder) => Path.Combine(_folder, folder.ToString("x8", CultureInfo.InvariantCulture));

    private async Task RemoveAsync(List<long> blobs, Task after)
    {
        try
        {
            await after.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        catch (IOException)
        {
            // The change that let the blobs go never became durable: after a restart they are still wanted.
            return;
        }

        foreach (var blob in blobs)
        {
            try
            {
                File.Delete(PathOf(blob));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nothing refers to it; the sweep of the next start removes it.
            }
        }
    }

    private static void DeleteIfEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Something unknown is in it, which is not ours to remove.
        }
    }

    private static bool TryParseNumber(string path, out long number) =>
        long.TryParse(Path.GetFileName(path), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
}
