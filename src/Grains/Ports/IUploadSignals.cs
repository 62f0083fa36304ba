namespace Media.Grains.Ports;

/// <summary>Tells whoever waits, in any process, that an upload changed. A hint that may be lost: a listener looks for itself from time to time.</summary>
public interface IUploadSignals
{
    /// <summary>Says that the upload changed. Never fails the change that it tells of.</summary>
    ValueTask PublishAsync(string tag, CancellationToken cancellationToken);

    /// <summary>Starts to listen for one upload.</summary>
    IUploadSubscription Subscribe(string tag);
}

/// <summary>A listener for one upload's changes.</summary>
public interface IUploadSubscription : IDisposable
{
    /// <summary>Waits for the next change since the last call, or for <paramref name="atMost"/> to pass.</summary>
    Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken);
}
