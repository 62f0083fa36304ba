namespace Orleans.Embedded;

/// <summary>
/// Runs turns and their continuations one at a time, on whatever pool thread is free. An <c>await</c> inside a turn comes back here, because
/// everything runs inside a task of this scheduler.
/// </summary>
internal abstract class TurnScheduler : TaskScheduler, IThreadPoolWorkItem
{
    /// <summary>After this many pieces of work the thread goes to others that wait for it.</summary>
    private const int WorkPerVisit = 64;

    [ThreadStatic]
    private static TurnScheduler? t_executing;

    private readonly Queue<object> _ready = new();
    private bool _visited;
    private bool _halted;

    /// <summary>The scheduler whose work runs on this thread.</summary>
    protected static TurnScheduler? OnThisThread => t_executing;

    /// <summary>Guards all state of the scheduler and of what derives from it.</summary>
    protected Lock Gate { get; } = new();

    void IThreadPoolWorkItem.Execute()
    {
        t_executing = this;
        try
        {
            // Made here, on a clean execution context, so that nothing ambient of a caller leaks into turns.
            new Task(static self => ((TurnScheduler)self!).Visit(), this).RunSynchronously(this);
        }
        finally
        {
            t_executing = null;
        }
    }

    /// <summary>Starts one piece of work that was given to <see cref="MakeReady"/>. Must not throw.</summary>
    protected abstract void Begin(object work);

    /// <summary>Queues work: a task of this scheduler, or what <see cref="Begin"/> takes.</summary>
    protected void MakeReady(object work)
    {
        lock (Gate)
        {
            if (_halted)
                return;
            _ready.Enqueue(work);
            if (_visited)
                return;
            _visited = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    /// <summary>Nothing runs any more, not even continuations: what a dead process does.</summary>
    protected void Halt()
    {
        lock (Gate)
        {
            _halted = true;
            _ready.Clear();
        }
    }

    protected override void QueueTask(Task task) => MakeReady(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && t_executing == this && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (Gate)
            return [.. _ready.OfType<Task>()];
    }

    private void Visit()
    {
        for (var done = 0; done < WorkPerVisit; done++)
        {
            object? work;
            lock (Gate)
            {
                if (!_ready.TryDequeue(out work))
                {
                    _visited = false;
                    return;
                }
            }

            if (work is Task task)
                TryExecuteTask(task);
            else
                Begin(work);
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
