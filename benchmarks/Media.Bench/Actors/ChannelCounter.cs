using System.Threading.Channels;

namespace Media.Bench.Actors;

/// <summary>The same as a plain mailbox: a channel, and a loop that takes one call after the other out of it.</summary>
internal sealed class ChannelCounter
{
    private readonly Channel<Call> _mailbox = Channel.CreateUnbounded<Call>(new UnboundedChannelOptions { SingleReader = true });
    private int _sum;

    public ChannelCounter() => _ = RunAsync();

    public Task<int> AddAsync(int number)
    {
        var call = new Call(number);
        _mailbox.Writer.TryWrite(call);
        return call.Task;
    }

    private async Task RunAsync()
    {
        await foreach (var call in _mailbox.Reader.ReadAllAsync())
            call.SetResult(_sum += call.Number);
    }

    private sealed class Call(int number) : TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Number { get; } = number;
    }
}
