namespace Media.Client.Hashing;

/// <summary>Passes on how many bytes are hashed, at once and on the thread that hashed them.</summary>
internal sealed class HashProgress(Action<long> hashed) : IProgress<long>
{
    public void Report(long value) => hashed(value);
}
