using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Media.DevStorage.Blobs;

/// <summary>
/// The store's ways to make writes outlast a power cut. Flushes block, and many at once are cheaper than one after the other (the file
/// system commits them together), so they have a few threads of their own and never occupy the thread pool.
/// </summary>
internal sealed partial class Disk : IDisposable
{
    private const int Threads = 8;

    private readonly bool _fsync;
    private readonly BlockingCollection<(SafeFileHandle File, TaskCompletionSource Done)> _queue = [];

    public Disk(bool fsync)
    {
        _fsync = fsync;
        for (var i = 0; fsync && i < Threads; i++)
            new Thread(FlushQueued) { IsBackground = true, Name = "disk flush" }.Start();
    }

    /// <summary>Done when the file's bytes are on the disk; the caller keeps the handle open until then.</summary>
    public Task FlushAsync(SafeFileHandle file)
    {
        if (!_fsync)
            return Task.CompletedTask;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Add((file, done));
        return done.Task;
    }

    public void Flush(SafeFileHandle file)
    {
        if (_fsync)
            RandomAccess.FlushToDisk(file);
    }

    /// <summary>Makes names made, renamed or removed in a folder last. A no-op where folders can't be flushed (Windows).</summary>
    public void FlushFolder(string path)
    {
        if (!_fsync || OperatingSystem.IsWindows())
            return;
        var descriptor = Open(path, 0);
        if (descriptor < 0)
            throw new IOException($"cannot open {path} to flush it: errno {Marshal.GetLastPInvokeError()}");
        var failed = FSync(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (failed)
            throw new IOException($"cannot flush {path}: errno {error}");
    }

    public void Dispose() => _queue.CompleteAdding();

    private void FlushQueued()
    {
        foreach (var (file, done) in _queue.GetConsumingEnumerable())
        {
            try
            {
                RandomAccess.FlushToDisk(file);
                done.SetResult();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
            {
                done.SetException(e);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Close(int descriptor);
}
