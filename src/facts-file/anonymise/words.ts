import { managers } from '../../packages/registry.ts';

/**
 * Words that a text may keep: of Kubernetes, its components, their flags and files, of systems, and of what commands
 * print. They are no one's own names.
 */
const WORDS = new Set(
  `
  about access account ack acl acquire active activestate add added addlock addon addons addr address addresses admin
  adminconf admins admission admissionwebhookmatchconditions advancedauditing advertise advertiseaddress affinity
  after again against age aggregateddiscoveryendpoint agree ahead alarm alarms all allocatable allocate allow allowed
  allowedunsafesysctls allowinsecurebackendproxy allowprivilegeescalation allows allowservicelbstatusonnonlb almalinux
  alone along alpha already also alsologtostderr although always alwaysallow amazon amd64 amzn an and annotate
  annotation annotations anonymous another answer answered answers anti antiaffinity antrea any anything
  anyvolumedatasource apart api apiclient apiendpoints apilistchunking apipriorityandfairness apis
  apiselfsubjectreview apiserver apiserverendpoints apiservers apiservertracing apiservices apiversion app apparmor
  apparmorfields application applications applied applies apply approved apps arch archive archives are args arm386
  arm64 arpa as asc aside ask asked asks assigning at attached attachvolumelimit audit auth authentication authorities
  authority authorization authorizer authorizers authorizing auto automatic autopath available away awk azure back
  backdated backed backing backtrace backup backups bad balanceattachednodevolumes balancer base base64 baseurl bash
  batch be because been before begin behind being belong belongs below beside best better between bin binaries bind
  binding bindport bionic block blocked blockvolume blog bookworm boolean boot bootstrap bootstrapsigner both
  boundserviceaccounttokenvolume break bring brings btreewatchcache budget budgets buffer bufsize bullseye buster but
  by bypasses bytes bz2 bzip2 ca cabundle cacert cache cacheauthorizedttl cachedir caches cachettl
  cacheunauthorizedttl cadvisor cafile cainfo calico call calling can cancel candidate candidates cannot canreload
  capabilities capacity case cat catch caught ce centos cert certfile certificate certificaterenewal certificates
  certificatesdir certificatesigningrequests certs cgroup cgroup2fs cgroupdriver cgroupfs cgrouproot cgroups
  cgroupsperqos cgroupv1 change changed changelog changes changing channel chaos check checks checksig chmod choose
  chrony chronyc cidr cidrs cilium claimname claims class clean cleanup cli client clientcafile clock clone cloud
  clouddualstacknodeips cluster clusterconfiguration clusterdns clusterdomain clusterfirst clusterfirstwithhostnet
  clustername clusterrole clusterrolebinding clusterrolebindings clusterroles clusters clusterstatus cmd cmdline cmp
  cni cni0 cns code colons come comes command commands community compact compare compatibility component components
  componentslis compute concurrent condition conditions conf confdef conffold config configfiles configmap
  configmapandsecretchangedetectionstrategy configmaps configurablefsgrouppolicy configuration configure configured
  configuring confold conmon connect consistenthttpgethandlers consistentlistfromcache consolidate const container
  containerd containerlogmaxfiles containerlogmaxsize containerlogmaxworkers containerlogmonitorinterval
  containerruntimeendpoint containers containerstatuses content contentof contenttype continue continues continuing
  control controller controllermanager controllermanagerleadermigration controllers controlplaneendpoint
  controlplanekubeletlocalmode controlplanenodesready convert copied copies copy cordon cordoned core coredns
  corednsmigration corednsunsupportedplugins corefile coreutils correct corrupt corruption could count counts cover
  covers cp cpio cpu cpucfsquota cpucfsquotaperiod cpumanager cpumanagerpolicy cpumanagerpolicyoptions
  cpumanagerreconcileperiod crashloopbackoff create created createjob creating creationtimestamp credentials cri
  cricontainerlogrotation crictl crio critical cronjobcontrollerv2 cronjobs cronjobsscheduledannotation
  cronjobtimezone crt crun csi csiblockvolume csidriverregistry csidrivers csiinlinevolume csimigration
  csimigrationaws csimigrationawscomplete csimigrationazuredisk csimigrationazurediskcomplete csimigrationazurefile
  csimigrationazurefilecomplete csimigrationgce csimigrationgcecomplete csimigrationopenstack
  csimigrationopenstackcomplete csimigrationportworx csimigrationrbd csimigrationvsphere csimigrationvspherecomplete
  csinodeexpandsecret csinodeinfo csinodes csiserviceaccounttoken csistoragecapacity csivolumefsgrouppolicy csr
  csrduration ctr curl current customizing customresourcedefinitions customresourcevalidationexpressions cut daemon
  daemonset daemonsets daemonsetupdatesurge daily damaged dash data datadir date days db dbpath dbus dc dead deadline
  dearmor deb deb822 debian debs debug default defaulted defaulthostnetworkhostportsinpodtemplates
  defaultpodtopologyspread defragment delegatefsgrouptocsidriver delete deleted deletedat deleteemptydirdata
  deletiontimestamp denial denyescalatingexec denyexeconprivileged depend deployment deployments deploys deprecated
  deprecatedapis describe destdir destroys detach detached details detect dev device deviceplugincdidevices
  deviceplugins df dial did diff differs dir directory disable disableacceleratorusagemetrics disablecloudproviders
  disabled disableexcludes disablekubeletcloudcredentialproviders disableplugin disablerepo disables disarm disaster
  disk disks disruption disruptionallowed distinguished distribution distrust dmi dns dns64 dnsdomain dnspolicy dnssec
  do docker dockerd dockershim documentation does doesnotexist done donotschedule dot down downgrade downgraded
  downgrades download downloaddir downloadonly downwardapihugepages dracontrolplanecontroller drain drained draining
  drift driver drop dry dryrun ds du dump duplicates duration dynamic dynamickubeletconfig each earlier echo edit
  edited edition efficientwatchresumption efi egress either eks el el7 el8 el9 elasticindexedjob elect election elif
  else elsewhere emptydir emptydirs emulated emulates emulation en enable enablecontentionprofiling
  enablecontrollerattachdetach enabled enabledebugflagshandler enabledebugginghandlers enableprofilinghandler
  enablerepo enableservicelinks enablesystemloghandler enablesystemlogquery encrypted encryption end enddate ended
  ending endpoint endpoints endpointslice endpointslicenodename endpointsliceproxying endpointslices
  endpointsliceterminatingcondition ends enforcenodeallocatable engine entries entry env environment environmentfile
  ephemeral ephemeralcontainers epochnum eq eqi equal err erratic error errors esac essential etc etcd etcdbackup
  etcdctl etcdendpoints etcdhost etcdlearnermode etcdsnapshot etcdupgrade etcdutl eval evaluated even evenpodsspread
  event eventburst eventrecordqps events ever every everything everywhere evictable evicted eviction evictionhard
  evictionmaxpodgraceperiod evictionminimumreclaim evictionpressuretransitionperiod evictionsoft
  evictionsoftgraceperiod evicts ew exact exclude exec execmainstarttimestamp execreload exempt exists exit exited
  exits expandcsivolumes expandeddnsconfig expandinusepersistentvolumes expandpersistentvolumes expected experimental
  experimentalhostusernamespacedefaulting expiration expire expired expkeysig export extensions external externalip
  externalpolicyforexternalip extra extraargs extraenvs extravolumes f fact facterror facts fail failcgroupv1 failed
  fails failswapon failure failurepolicy failurethreshold fall fallback fallthrough false fast fc fd feature
  featuregates fedora fetch fetched fetches fetchinto fewer fi field fields fieldstype fieldsv1 file
  filecheckfrequency files fill finalizers find finding finds finish finished finishes finishing first fit fits five
  fix flag flags flannel flatcar floor flowschemas flush flushfrequency focal folder folders follows for force
  forecast format forward found fq fqx free from front frontend frozen fs fssl fstab function gate gates gave gcr
  generate generation generic genericephemeralvolume geoip get getline gets gib gitversion give given gives giving gke
  global gm gnu go goes gone good got gpg gpgcheck gpgkey graceful grep group grpc grpccontainerprobe grub grub2 gsub
  gt guard guide gz gzip had hairpinmode half hand handling hangs hardly harm has hash have head header headers health
  healthcheck healthy healthz healthzbindaddress healthzport held helper here hierarchy highly hints hold holder holds
  home homedir honorpvreclaimpolicy hooks horizontalpodautoscalers host hostipc hostname hostnetwork hostpath hostpid
  hostport hostports hosts hours housekeeping hpacontainermetrics href http httpcheckfrequency httpget https hugepages
  hugepagestoragemediumsize hup hypervcontainer id identify identifypodos idle if ifnotpresent ignore
  ignorepreflighterrors ii image imagefs imagegchighthresholdpercent imagegclowthresholdpercent imagemaximumgcage
  imageminimumgcage imagepullcredentialsverificationpolicy imagepullpolicy imagerepository images imageserviceendpoint
  imagetag immutableephemeralvolumes import imported in inactive index indexedjob indirect info infobuffersize infra
  ingressclassnamespacedparams ingresses init initcontainers initial initialdelayseconds initialized initrequests
  inkms inlinekey inode inodes inodesfree inplacepodverticalscalingallocatedstatus input insecure inst install
  installation installed installs installtime instance instances int interactive internalip interrupted interval into
  intreepluginawsunregister intreepluginazurediskunregister intreepluginazurefileunregister intreeplugingceunregister
  intreepluginopenstackunregister intreepluginportworxunregister intreepluginrbdunregister
  intreepluginvsphereunregister inventory io ip ipaddress iptables iptablesdropbit iptablesmasqueradebit
  iptablesownershipcleanup ipv4 ipv6 ipv6dualstack ipvs ipvs0 is issuer it items its itself jammy job
  jobmutablenodeschedulingdirectives jobpodfailurepolicy jobreadypods jobs jobtrackingwithfinalizers join joinable
  joining joins journalctl json jsonpath judge judged k0s k3s k3s1 k5 k8s kb keep keepcache keeping keeps kep kept
  kernel kernelmemcgnotification key keyexpired keyfile keyring keyrings keys kib kind kindnet kindnetd kinds kms
  kmsv1 kmsv2 kmsv2kdf know knowingly known knows kube kubeadm kubeadmconfig kubeapiburst kubeapiqps kubeconfig
  kubeconfigs kubectl kubelet kubeletcgroups kubeletconfig kubeletconfiguration kubeletcredentialproviders
  kubeletnotready kubeletpodresources kubeletpodresourcesgetallocatable kubeletready kubelets kubeletsetup kubepods
  kubeproxy kubeproxyconfig kubeproxydrainingterminatingnodes kubereserved kubereservedcgroup kubernetes
  kubernetesversion kubescheduler label labels lameduck larger last lasts later lc le lead leader leads leaf leap
  learner lease leases least leave leaves left legacy legacynoderolebehavior legacyserviceaccounttokencleanup
  legacyserviceaccounttokennoautogeneration legacyserviceaccounttokentracking legacysidecarcontainers length let lets
  lib libc libc6 libssl licenses like limit limits line linked linux list listchanges listed listen listingupdates
  lists livenessprobe livez load loadbalance loadbalanceripmode loaded loadstate local localhost
  localstoragecapacityisolation lock locked locks log logdir logfile logging login logs logtostderr long longer
  longterm look looked looks loop loopback loosen lose loses lost lowlatency ls lt machine machineid machines made
  madison main maintenance make makecache makeiptablesutilchains makestep managedfields management manager managers
  manifest manifests manifestsscript manual manually many map mark mask masked master match matchexpressions max
  maxopenfiles maxparallelimagepulls maxpods maxunavailable may meant member members membership memory memorymanager
  memorymanagerpolicy memoryswap memorythrottlingfactor mergedefaultevictionsettings message metadata metric metrics
  mi mib migrate migrates migrating migration migrationrbd min minavailable mindomainsinpodtopologyspread minimal
  minimizeiptablesrestore minor minors minutes mirror missing mixed mixedprotocollbservice mkdir mktemp moby mode
  modules moment more most mount mounted mountpath mounts move moved moves mtu multicidrrangeallocator
  multicidrserviceallocator multus must mutatingwebhookconfigurations mv name named names namespace
  namespacedefaultlabelname namespaces ne near nearer necessary need needed needrestart needs neither net network
  networking networkpluginnotready networkpolicies networkpolicyendport networkpolicystatus networkready never new
  newer newest newvolumemanagerreconstruction nexport next nf nftables nightly no noble nobody node nodeaffinity
  nodedisruptionexclusion nodefs nodeinfo nodelease nodeleasedurationseconds nodelocalcrisocket nodename
  nodeoutofservicevolumedetach noderestriction nodes nodeselector nodeselectorterms nodeshutdown nodestatusmaximages
  nodestatusreportfrequency nodestatusunknown nodestatusupdatefrequency noexec noexecute nolocking non none
  noninteractive nonpreemptingpriority noproxy nor noschedule nospace not note noted notes nothing notify notin now
  nowhere nr nsid null number object objects observed oe of off offer offered offers ok old older on once one ones
  oneshot only onnode oomscoreadj open openapiv3 openssh openssl opensuse operating operation options or oracle
  orderednamespacedeletion ornewer orphans os other otherkeys others otherwise out output over overhead override
  overwrite overwrites overwritten ovn own owner ownerreferences owners package packagekitd packages packagestate part
  partial parts passwd password past patch patches path pause pdb pdbs pdbunhealthypodevictionpolicy peer peers pem
  pending per perhaps periodseconds perl permanently persistdir persistentvolumeclaim persistentvolumelabel
  persistentvolumelastphasetransitiontime persistentvolumename pgp pgrep phase phases photon pi pid pidof pids pin
  pipe pkg pkgcache pkgs pki place placeof placing plan plane planes planned pleg plugin plugins plus pod podaffinity
  podaffinitynamespaceselector podantiaffinity podcidr poddisruptionbudget poddisruptionbudgets
  poddisruptionconditions podhasnetworkcondition podhostips podindexlabel podoverhead podpidslimit podpreset pods
  podsecurity podsecuritypolicies podsecuritypolicy podselector podspercore podsubnet policy port ports posting
  ppc64le pprof preemptionpolicy preemptlowerpriority prefer prefernominatednode prefernoschedule preferred prefers
  prefetch prefetched prefix preflight preparing prerelease pressure pretty primary print printed printf priorities
  priority priorityclasses priorityclassname prioritylevelconfigurations private privileged probe
  probehostpodsecuritystandards probeterminationgraceperiod proc process product program programs progress prometheus
  promote protect protectkerneldefaults protects provider providerid proxy proxyterminatingendpoints proxyvariables
  prune ps pub pubkey public pubring pull pulls push put python3 qa qf qosreserved qps query quiet quorum quota quote
  quotes raft raised random range raw rbac rc reach read reader readinessprobe reading readlink readonly readonlyport
  reads readtarget readwriteoncepod ready readyz real really reason reasons reboot rebooted rebooting recommends
  reconfiguring record recovery redefines reference refresh refreshed refusal refuse refused refuses register
  registernode registerwithtaints registry registryburst registrypullqps rel relaxeddnssearchvalidation release
  released releases reload reloaded reloading remainafterexit remainingitemcount remote removal remove removed
  removelock removeselflink removing renew renewed renews repair repairs replace replaced replicas replicaset
  replicasets replicationcontroller repo repodata repofrompath repomd reported reports repos reposd repositories
  repository repositorykeys request requested requestheader requests required
  requiredduringschedulingignoredduringexecution rescue reservedmemory reservedsystemcpus reset resets
  resilientwatchcacheinitialization resolv resolvconf resolve resource resources resourceversion responding rest
  restart restartcount restarted restarting restartpolicy restarts restore restored resume retried retries
  retroactivedefaultstorageclass retrygeneratename return revision rewrite rf rhel right rights rke2 rke2r1 rm rmdir
  rmi robin rocky role rolebindings roles rolling rollout room root rootcaconfigmap rootlesscontrolplane
  rotatecertificates rotatekubeletclientcertificate rotation round rounds route53 router rs rt rule rules run
  runasgroup runasnonroot runasuser runbook runc running runonce runs runtime runtimeclass runtimeclasses
  runtimedefault runtimename runtimerequesttimeout runtimes runtimeversion s390x sa safely said same save say says
  sbin scale schedulable scheduler schedulername schedulers scheduling scheme sctpsupport search seccompdefault
  seccompprofile second secondary seconds secrets section secure securitycontext securitycontextdeny sed
  sedreplacement see seen sees select selector selectorindex selectors sequential serial serializeimagepulls serve
  server servers serversideapply serversidefieldvalidation servertlsbootstrap service serviceaccountissuerdiscovery
  serviceaccounts serviceappprotocol serviceinternaltrafficpolicy serviceipstaticsubrange servicelbnodeportcontrol
  serviceloadbalancerclass servicenodeexclusion servicenodeportstaticsubrange services servicesubnet servicetopology
  servicetrafficdistribution set sethostnameasfqdn setopt sets setsid setting settings several severity sh sha256
  sha256sum shadowing shadows share shared shell shift short should show showduplicates showhiddenmetricsforversion
  showhold shows shutdown shutdowngraceperiod shutdowngraceperiodbypodpriority shutdowngraceperiodcriticalpods side
  sidecarcontainers sidecarrequests sign signature signatures signed signedby signing signs sigs since
  singleprocessoomkill size sizememorybackedvolumes sk skew skip skipped skipping skipreadonlyvalidationgce skips
  sleep sles slice snapshot so sock socket sockets software solv solvable someone soon sort source sourcelist
  sourceparts sources space speak spec specifying spelt split splitstream spread spreading srcpkgcache ss ssh sslcert
  sslkey stable stableloadbalancernodeset stacked stage start started starts startupprobe stat state statefulset
  statefulsetautodeletepvc statefulsetminreadyseconds statefulsetstartordinal static staticpodpath staticpods
  staticpodurl status stay stays stderrthreshold step still stop stopped storage storageclasses
  storageobjectinuseprotection store streamingcollectionencodingtojson streamingcollectionencodingtoprotobuf
  streamingconnectionidletimeout streamingproxyredirects strictcostenforcementforvap strictcostenforcementforwebhooks
  string structuredauthorizationconfiguration sub subject substate substr succeeded success successfully successor
  successthreshold such sudo sudoers sufficient suit suitable suites super support supported supportnodepidslimit
  supportpodpidslimit supports sure suse suspend suspendjob svc swap swapbehavior swapoff swaps switch switched
  switches syncfailed syncfrequency syncs sys sysconfig sysctls sysimage system systemcgroups systemctl systemd
  systemreserved systemreservedcgroup systemuuid systemverification tab table tables tag tail taint taints take taken
  takes tar target tcp template term terminated terminating terminationgraceperiodseconds terminationmessagepath
  terminationmessagepolicy test text than that the their them then there these they think this those three through tib
  tier time timed timedatectl timeout timeoutforcontrolplane timeoutseconds timer timesyncd title tke tls tlscertfile
  tlsciphersuites tlsminversion tlsprivatekeyfile tmp tmpfs to together token tokencleaner tokenrequest
  tokenrequestprojection tokens told tolerate tolerations tolower too tool tools topology topologyawarehints
  topologykey topologymanager topologymanagerpolicy topologymanagerscope topologyspreadconstraints towards tr trace
  tracing tracking transfer trap tree tries trixie troubleshooting true trust trusted try trying ts ttl
  ttlafterfinished twice two type types tz tzdata ubuntu ucf udev udp uid umask uname unasked unattended uncordon
  undefined under unhold unified unit unitfilestate units unix unknown unless unlocked unmask unpacked unreadable
  unschedulable until unusable unversionedkubeletconfigmap up update updated updatefunction updates upgrade
  upgradeaddonsbeforecontrolplane upgraded upgrades upgrading upload uri uris url urls usable usage use used user
  username usernamespaces usernamespacespodsecuritystandards usernamespacesstatelesspodssupport userspace uses using
  usr utc util uuid v1 v1alpha1 v1beta1 v1beta2 v1beta3 v2 v2store v2v3 validateproxyredirects
  validatingadmissionpolicy validatingwebhookconfigurations value values var variable variables vendor vendors ver
  verbose verbosity verify version versionlock versions via view violated vip virtual vm vmlinuz vmware volume
  volumeattachments volumecapacitypriority volumemounts volumeplugindir volumepvcdatasource volumes
  volumesnapshotdatasource volumestatsaggperiod volumesubpath vote vpc vx wait waitforallcontrolplanecomponents
  waiting waits wanted wants warn warningheaders was watch watchbookmark watchfromstoragewithoutresourceversion way
  ways weave webhook webhookadmission webhookadmissionconfiguration webhooks website well wget what when
  whenunsatisfiable where wherever whether which while who whoami whole whose why will windowsendpointsliceproxying
  windowsgmsa windowshostprocesscontainers windowsrunasusername with within without word work worker workers workload
  works worse would write writes writing written wrong wrote x x509 x86 xml xmlout xz yaml yes yet you your yours
  yourself z0 zerolimitednominalconcurrencyshares zlib1g zombie zone zst zstd
  `
    .trim()
    .split(/\s+/),
);

/** What package managers are called, and their commands, files and packages. */
for (const { id, program, displayName, reading } of managers) {
  const texts = [
    id,
    program,
    displayName,
    reading.listing,
    reading.listingUpdates,
    reading.database,
    ...reading.sourceFiles,
    ...reading.caches,
  ];
  for (const word of texts.join(' ').matchAll(/[A-Za-z][A-Za-z\d]*/g)) WORDS.add(word[0].toLowerCase());
}

export function isWord(text: string): boolean {
  return WORDS.has(text.toLowerCase());
}
