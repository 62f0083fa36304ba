using Microsoft.Win32.SafeHandles;

namespace Media.Client.Downloading;

/// <summary>
/// What is here of a file so far: <c>NAME.ID.part</c> beside the place that it is for. It is named by the file's id, so that no other file's
/// bytes are ever gone on with, and locked, so that two commands do not write to it at once.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private readonly string _target;
    private readonly SafeFileHandle _handle;

    private PartialFile(string target, string path, SafeFileHandle handle)
    {
        _target = target;
        Path = path;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    public string Path { get; }

    /// <summary>How many bytes are here.</summary>
    public long Length { get; private set; }

    public static PartialFile Open(string target, string id)
    {
        var path = $"{target}.{id}.part";
        return Try(path, () => new PartialFile(target, path, File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)));
    }

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await RandomAccess.WriteAsync(_handle, bytes, Length, cancellationToken);
            Length += bytes.Length;
        }
        catch (IOException e)
        {
            throw Unwritable(Path, e);
        }
    }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(RandomAccess.Read(_handle, buffer.Span, offset));
    }

    public void Clear() => Try(Path, () =>
    {
        RandomAccess.SetLength(_handle, 0);
        return Length = 0;
    });

    /// <summary>Gives the file its name, once it is on the disk: a power cut leaves all of it under that name, or nothing.</summary>
    /// <exception cref="MediaException">There is a file of this name, and it is not to be replaced.</exception>
    public void Publish(bool overwrite) => Try(_target, () =>
    {
        RandomAccess.FlushToDisk(_handle);
        if (!overwrite && File.Exists(_target))
            throw Exists(_target);
        File.Move(Path, _target, overwrite);
        return 0;
    });

    public void Delete() => Try(Path, () =>
    {
        File.Delete(Path);
        return 0;
    });

    public void Dispose() => _handle.Dispose();

    public static MediaException Exists(string target) =>
        new(MediaErrors.TargetExists, $"{target} is there already, and is not overwritten unasked.");

    private static T Try<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unwritable(path, e);
        }
    }

    private static MediaException Unwritable(string path, Exception cause) =>
        new(MediaErrors.TargetUnwritable, $"{path} can't be written: {cause.Message}", innerException: cause);
}
