namespace Media.Grains.Ports;

/// <summary>Tells whoever waits, in any process, that an upload changed. A hint that may be lost: a listener looks for itself from time to time.</summary>
public interface IUploadSignals
{
    /// <summary>Says that the upload changed. Never fails the change that it tells of.</summary>
    ValueTask PublishAsync(string tag, CancellationToken cancellationToken);

    /// <summary>Says how far the verification of an upload is. Not kept anywhere.</summary>
    ValueTask PublishProgressAsync(string tag, VerificationProgress progress, CancellationToken cancellationToken);

    /// <summary>Says that another client has the lease of an upload now. Not kept anywhere.</summary>
    /// <param name="tag">The upload.</param>
    /// <param name="displaced">The client that had it.</param>
    ValueTask PublishTakeoverAsync(string tag, string displaced);

    /// <summary>Starts to listen for one upload.</summary>
    IUploadSubscription Subscribe(string tag);

    /// <summary>Starts to listen for what is taken from one client.</summary>
    ITakeoverSubscription SubscribeTakeovers(string clientId);
}

/// <summary>A listener for the uploads that other clients take from one. Whose they are is for it to find out.</summary>
public interface ITakeoverSubscription : IDisposable
{
    /// <summary>Waits for the next upload that was taken.</summary>
    /// <returns>Its tag; null where <paramref name="atMost"/> passed without one.</returns>
    Task<string?> NextAsync(TimeSpan atMost, CancellationToken cancellationToken);
}

/// <summary>A listener for one upload's changes.</summary>
public interface IUploadSubscription : IDisposable
{
    /// <summary>Waits for the next change since the last call, or for <paramref name="atMost"/> to pass.</summary>
    Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>The last that was heard of the verification's progress, or null.</summary>
    VerificationProgress? Progress { get; }
}

/// <summary>How far a verification is.</summary>
/// <param name="Verified">Bytes that were read back and hashed.</param>
/// <param name="Size">Bytes in all.</param>
public sealed record VerificationProgress(long Verified, long Size);
