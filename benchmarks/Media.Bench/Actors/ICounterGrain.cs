using Orleans;

namespace Media.Bench.Actors;

/// <summary>The least that an actor can do: add to a number that is its own.</summary>
[Alias("bench.ICounterGrain")]
public interface ICounterGrain : IGrainWithStringKey
{
    /// <summary>Adds, and answers with the sum.</summary>
    Task<int> AddAsync(int number);
}

/// <inheritdoc cref="ICounterGrain"/>
internal sealed class CounterGrain : Grain, ICounterGrain
{
    private int _sum;

    public Task<int> AddAsync(int number) => Task.FromResult(_sum += number);
}
