namespace Media.Fuji.Tests;

public sealed class PackageTests
{
    [Fact]
    public void Library_References_NothingButTheFramework() =>
        Assert.All(typeof(FujiHash).Assembly.GetReferencedAssemblies(), reference => Assert.StartsWith("System.", reference.Name, StringComparison.Ordinal));
}
