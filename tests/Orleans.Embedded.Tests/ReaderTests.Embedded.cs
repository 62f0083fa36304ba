namespace Orleans.Embedded.Tests;

public sealed class ReaderTests
{
    [Fact]
    public async Task ReadOnlyCall_WriterWaits_DoesNotOvertakeIt()
    {
        await using var cluster = await Cluster.Start();
        var (grain, witness) = (cluster.Grain<IProbe>("readers"), cluster.Witness);
        var reader = grain.Look("early");
        await witness.Noted("in early");
        var writer = grain.Append(1);
        var late = grain.Look("late");
        Assert.Equal("readers", await grain.Ping());
        Assert.Equal(0, witness.Count("in late"));
        witness.Open("early");
        witness.Open("late");
        await Task.WhenAll(reader, writer, late);
    }
}
