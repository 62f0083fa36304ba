using Media.Grains.Ports;

namespace Media.Silo.Verification;

/// <summary>Tells how far a verification is, not too often, and never less than before.</summary>
internal sealed class ProgressTeller(string tag, long size, IUploadSignals signals, TimeSpan interval, TimeProvider time) : IProgress<long>
{
    private readonly Lock _lock = new();
    private long _told;
    private long? _at;

    public void Report(long value)
    {
        lock (_lock)
        {
            if (value <= _told || (_at is { } at && value < size && time.GetElapsedTime(at) < interval)) return;
            (_told, _at) = (value, time.GetTimestamp());
        }

        // It only queues.
        _ = signals.PublishProgressAsync(tag, new VerificationProgress(value, size), CancellationToken.None).AsTask();
    }
}
