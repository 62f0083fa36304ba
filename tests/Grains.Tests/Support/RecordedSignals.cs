using System.Collections.Concurrent;
using Media.Grains.Ports;

namespace Media.Grains.Tests.Support;

/// <summary>Remembers which uploads were announced.</summary>
internal sealed class RecordedSignals : IUploadSignals
{
    public ConcurrentQueue<string> Published { get; } = new();

    public ValueTask PublishAsync(string tag, CancellationToken cancellationToken)
    {
        Published.Enqueue(tag);
        return ValueTask.CompletedTask;
    }

    public ValueTask PublishProgressAsync(string tag, VerificationProgress progress, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>What was taken over from whom.</summary>
    public ConcurrentQueue<(string Tag, string Displaced)> Takeovers { get; } = new();

    public ValueTask PublishTakeoverAsync(string tag, string displaced)
    {
        Takeovers.Enqueue((tag, displaced));
        return ValueTask.CompletedTask;
    }

    public ITakeoverSubscription SubscribeTakeovers(string clientId) => throw new NotSupportedException("Nobody listens here.");

    public IUploadSubscription Subscribe(string tag) => throw new NotSupportedException("Nobody listens here.");
}
