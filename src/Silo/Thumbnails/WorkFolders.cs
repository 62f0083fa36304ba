using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>
/// Folders for what comes and goes while thumbnails are made. All of this process are in one that a locked file beside it names as in use; what
/// a process that was killed has left has a file that nobody locks, and is deleted by the next one.
/// </summary>
internal sealed partial class WorkFolders : IDisposable
{
    private const string Prefix = "media-thumbnails-";
    private const string LockSuffix = ".lock";

    private readonly Lock _gate = new();
    private readonly string _place;
    private readonly ILogger<WorkFolders> _logger;
    private FileStream? _held;
    private string? _root;

    public WorkFolders(IOptions<ThumbnailOptions> options, ILogger<WorkFolders> logger)
    {
        _place = options.Value.TemporaryFolder ?? Path.GetTempPath();
        _logger = logger;
    }

    /// <summary>Makes an empty folder that only this account can read. Disposing it deletes it with all that is in it.</summary>
    public WorkFolder Create()
    {
        string root;
        lock (_gate)
            root = _root ??= Open();
        return new WorkFolder(Directory.CreateDirectory(Path.Combine(root, Guid.NewGuid().ToString("N"))).FullName, Delete);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_root is null || _held is null) return;
            Delete(_root);
            // Deleted before it is let go, so that nobody finds it unlocked.
            TryDeleteFile(_held.Name);
            _held.Dispose();
            _root = null;
        }
    }

    private string Open()
    {
        Directory.CreateDirectory(_place);
        Sweep();
        while (true)
        {
            var root = Path.Combine(_place, Prefix + Guid.NewGuid().ToString("N"));
            try
            {
                // On Unix this is a lock that others respect who ask in the same way, and that the system takes back from the dead.
                _held = new FileStream(root + LockSuffix, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(root + LockSuffix))
            {
                // Somebody swept it between its making and its locking.
                continue;
            }

            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(root);
            else Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return root;
        }
    }

    private void Sweep()
    {
        foreach (var path in Directory.EnumerateFiles(_place, Prefix + "*" + LockSuffix))
        {
            try
            {
                using var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                Delete(path[..^LockSuffix.Length]);
                TryDeleteFile(path);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // In use, or somebody else's.
            }
        }
    }

    private void Delete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(folder, failure.Message);
        }
    }

    private void TryDeleteFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(path, failure.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} could not be deleted: {Reason}")]
    private partial void LogNotDeleted(string path, string reason);
}

/// <summary>A folder that is deleted when it is disposed.</summary>
/// <param name="fullName">Its path.</param>
/// <param name="delete">Deletes it.</param>
internal sealed class WorkFolder(string fullName, Action<string> delete) : IDisposable
{
    /// <summary>Its path.</summary>
    public string FullName => fullName;

    /// <summary>The path of a file in it.</summary>
    public string PathOf(string name) => Path.Combine(fullName, name);

    /// <inheritdoc/>
    public void Dispose() => delete(fullName);
}
