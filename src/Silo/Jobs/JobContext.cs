using System.Text.Json;
using Media.Silo.Postgres;

namespace Media.Silo.Jobs;

/// <summary>One run of a job.</summary>
public sealed class JobContext
{
    private readonly JobStore _store;
    private readonly byte[] _payload;
    private byte[]? _checkpoint;

    internal JobContext(JobStore store, ClaimedJob job)
    {
        _store = store;
        _payload = job.Payload;
        _checkpoint = job.Checkpoint;
        Job = job;
    }

    /// <summary>The job's number.</summary>
    public long Id => Job.Id;

    /// <summary>What kind it is.</summary>
    public string Kind => Job.Kind;

    /// <summary>The key that it is the only one of its kind with, or null.</summary>
    public string? Key => Job.Key;

    /// <summary>1 on the first run, one more on each that follows a failure or a crash.</summary>
    public int Attempt => Job.Attempts;

    /// <summary>How long the job waits after this run, where it was postponed.</summary>
    internal TimeSpan? PostponedBy { get; private set; }

    internal ClaimedJob Job { get; }

    /// <summary>What the job was enqueued with.</summary>
    /// <exception cref="JsonException">The payload is of another form.</exception>
    public T GetPayload<T>() => JsonSerializer.Deserialize<T>(_payload, StateJson.Options) ?? throw new JsonException("The job's payload is null.");

    /// <summary>How far an earlier run got, or default.</summary>
    public T? GetCheckpoint<T>() => _checkpoint is null ? default : JsonSerializer.Deserialize<T>(_checkpoint, StateJson.Options);

    /// <summary>Records how far the run has got, and renews the lease.</summary>
    /// <exception cref="JobLostException">The lease was lost; another process has the job.</exception>
    public async Task SaveCheckpointAsync<T>(T checkpoint, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(checkpoint, StateJson.Options);
        if (!await _store.HeartbeatAsync(Job, json, cancellationToken)) throw new JobLostException();
        _checkpoint = json;
    }

    /// <summary>
    /// Says that it is too early: when this run returns, the job is not done but due again after a pause, with its last checkpoint. That is no failure, and
    /// does not count as an attempt.
    /// </summary>
    /// <param name="pause">How long, zero or more.</param>
    public void Postpone(TimeSpan pause)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pause, TimeSpan.Zero);
        PostponedBy = pause;
    }

    /// <summary>Renews the lease now. The worker does so by itself as well; a run that is about to do what cannot be undone makes sure by this.</summary>
    /// <exception cref="JobLostException">The lease was lost; another process has the job.</exception>
    public async Task HeartbeatAsync(CancellationToken cancellationToken)
    {
        if (!await _store.HeartbeatAsync(Job, null, cancellationToken)) throw new JobLostException();
    }
}

/// <summary>The job's lease lapsed, and another process may be at it. Nothing is to be done but to stop.</summary>
public sealed class JobLostException : Exception
{
    /// <summary>Without words.</summary>
    public JobLostException()
        : this("The job's lease is lost.")
    {
    }

    /// <summary>With words.</summary>
    public JobLostException(string message)
        : base(message)
    {
    }

    /// <summary>With words and the cause.</summary>
    public JobLostException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
