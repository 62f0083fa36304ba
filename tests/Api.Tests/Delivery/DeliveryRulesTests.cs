using System.Collections.Immutable;
using Media.Api.Delivery;

namespace Media.Api.Tests.Delivery;

public sealed class DeliveryRulesTests
{
    private const string Folder = "/hash/KBMZQ4Y2N7LVD3X6AOTJSGEWUF5CHRPI2QZMX7BKDLV4YTNEO6SA/";
    private const string OtherFolder = "/hash/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/";

    [Fact]
    public void Check_EveryVector_FailsWhereTheVectorSays()
    {
        Assert.True(Vectors.Requests.Count > 100);
        foreach (var vector in Vectors.Requests)
        {
            var verdict = DeliveryRules.Check(Vectors.RequestOf(vector!), Vectors.Secrets, Vectors.Origins, null, Vectors.Now);
            Assert.True((string?)vector!["expect"] == Vectors.NameOf(verdict.Failed), $"{vector["name"]}: {verdict.Failed} instead of {vector["expect"]}");
        }
    }

    [Fact]
    public void Check_Vectors_HaveEveryCheckFailing() =>
        Assert.Equal(
            Enum.GetValues<DeliveryCheck>().Select(Vectors.NameOf).Order(StringComparer.Ordinal),
            Vectors.Requests.Select(vector => (string)vector!["expect"]!).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Key_EveryAcceptedVector_IsWhatTheEdgeAsksTheBucketFor()
    {
        foreach (var vector in Vectors.Requests.Where(static vector => (string?)vector!["expect"] == "accept"))
        {
            var path = Uri.UnescapeDataString((string)vector!["uri"]!);
            var expected = (string?)vector["edgeUri"] switch { "/quarantine" => null, { } uri => uri[1..], null => path[1..] };
            Assert.True(expected == DeliveryKey.Of(path), $"{vector["name"]}: {DeliveryKey.Of(path)} instead of {expected}");
        }
    }

    [Fact]
    public void Check_PreviousSecretTakenAway_ItsLinksAreRefused()
    {
        var request = Good(DeliverySigner.Sign(Vectors.Secrets[1], Folder, Vectors.Now.AddHours(1), "LsX2IlDdSRQ5ioFccXBOL"));
        Assert.Equal(DeliveryCheck.None, Check(request, Vectors.Secrets));
        Assert.Equal(DeliveryCheck.Hash, Check(request, [Vectors.Secrets[0]]));
        Assert.Equal(DeliveryCheck.Hash, Check(request, []));
    }

    [Fact]
    public void Check_OwnOrigin_IsAllowedWhereItIsGiven()
    {
        var request = Good(DeliverySigner.Sign(Vectors.Secrets[0], Folder, Vectors.Now.AddHours(1), "LsX2IlDdSRQ5ioFccXBOL")) with { Origin = "http://own:1", Referer = "http://own:1/" };
        Assert.Equal(DeliveryCheck.None, DeliveryRules.Check(request, Vectors.Secrets, Vectors.Origins, "http://own:1", Vectors.Now).Failed);
        Assert.Equal(DeliveryCheck.Origin, Check(request, Vectors.Secrets));
        Assert.Equal(DeliveryCheck.Referer, Check(request with { Origin = null }, Vectors.Secrets));
    }

    [Fact]
    public void Check_FiftyThousandMutations_NoneForbiddenIsLetThrough()
    {
        var (mutations, oracle) = Fuzz(1);
        var through = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var request = mutations.Next();
            if (Check(request, Vectors.Secrets) != DeliveryCheck.None)
                continue;
            through++;
            Assert.True(oracle.Forbids(request) is null, $"{oracle.Forbids(request)}: {request}");
        }

        // Some mutations change nothing that matters; were none let through, nothing would have been tested.
        Assert.InRange(through, 500, 25_000);
    }

    /// <summary>Mutations of a good link, among links to elsewhere and by others.</summary>
    internal static (Mutations Mutations, Oracle Oracle) Fuzz(int seed)
    {
        var soon = Vectors.Now.AddHours(1);
        var good = DeliverySigner.Sign(Vectors.Secrets[0], Folder, soon, "LsX2IlDdSRQ5ioFccXBOL");
        var other = DeliverySigner.Sign(Vectors.Secrets[0], OtherFolder, soon, "AAAAAAAAAAAAAAAAAAAAA");
        var old = DeliverySigner.Sign(Vectors.Secrets[0], Folder, Vectors.Now.AddMilliseconds(-1), "BBBBBBBBBBBBBBBBBBBBB");
        var forged = DeliverySigner.Sign(new byte[32], OtherFolder, soon, "CCCCCCCCCCCCCCCCCCCCC");
        return (
            new Mutations(seed, Folder, OtherFolder, good, [other, old, forged], "https://cold3.cc"),
            new Oracle(ImmutableDictionary<string, string>.Empty.Add(good, Folder).Add(other, OtherFolder), Vectors.Origins));
    }

    private static DeliveryRequest Good(string query) => new("GET", Folder + "film.mp4", query, null, "https://cold3.cc/");

    private static DeliveryCheck Check(in DeliveryRequest request, IReadOnlyList<byte[]> secrets) =>
        DeliveryRules.Check(request, secrets, Vectors.Origins, null, Vectors.Now).Failed;
}
