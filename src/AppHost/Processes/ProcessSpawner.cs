using System.Collections.Concurrent;
using System.Diagnostics;

namespace Media.AppHost.Processes;

/// <summary>
/// Starts processes from one thread that lives as long as the program. Linux ties a child's parent-death signal to the
/// thread that forked it, so a child started from a thread-pool thread would be killed when the pool retires that thread.
/// </summary>
internal static class ProcessSpawner
{
    private static readonly BlockingCollection<Action> Requests = StartThread();

    public static Task StartAsync(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Requests.Add(() =>
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    private static BlockingCollection<Action> StartThread()
    {
        var requests = new BlockingCollection<Action>();
        var thread = new Thread(() =>
        {
            foreach (var request in requests.GetConsumingEnumerable())
                request();
        })
        {
            IsBackground = true,
            Name = "process spawner",
        };
        thread.Start();
        return requests;
    }
}
